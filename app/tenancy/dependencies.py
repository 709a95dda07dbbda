"""What a router may ask about the host it was called on.

These ask each other through the request's state, not through FastAPI: it would walk the whole tree of dependencies
anew for every place that a dependency is named in.
"""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from app.core.clock import utcnow
from app.errors import NotFound
from app.tenancy.hosts import Host, HostDirectory
from app.tenancy.tenant import Tenant


async def now(request: Request) -> datetime:
    """The instant at which a request is handled, the same wherever it is asked for."""
    known: datetime | None = getattr(request.state, "now", None)
    if known is None:
        known = request.state.now = utcnow()
    return known


async def current_host(request: Request) -> Host:
    """The host that was called. Raises TenantNotFound and TenantSuspended."""
    known: Host | None = getattr(request.state, "host", None)
    if known is None:
        hosts: HostDirectory = request.app.state.hosts
        known = request.state.host = await hosts.resolve(request.headers.get("host", ""), now=await now(request))
    return known


async def current_tenant(request: Request) -> Tenant:
    """The business whose host was called. Its endpoints do not exist on the platform's own hosts."""
    host = await current_host(request)
    if host.tenant is None:
        raise NotFound("This is the platform's host. Call a business's own host, as in `demo.<root domain>`.")
    return host.tenant


async def require_platform(request: Request) -> None:
    """Raise NotFound on a business's host: the platform's endpoints do not exist there."""
    if not (await current_host(request)).is_platform:
        raise NotFound


CurrentHost = Annotated[Host, Depends(current_host)]
CurrentTenant = Annotated[Tenant, Depends(current_tenant)]
