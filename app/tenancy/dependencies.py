"""What a router may ask about the host it was called on."""

from typing import Annotated

from fastapi import Depends, Request

from app.errors import NotFound
from app.tenancy.hosts import Host, HostDirectory
from app.tenancy.tenant import Tenant


async def current_host(request: Request) -> Host:
    """The host that was called. Raises TenantNotFound and TenantSuspended."""
    hosts: HostDirectory = request.app.state.hosts
    return await hosts.resolve(request.headers.get("host", ""))


CurrentHost = Annotated[Host, Depends(current_host)]


async def current_tenant(host: CurrentHost) -> Tenant:
    """The business whose host was called. Its endpoints do not exist on the platform's own hosts."""
    if host.tenant is None:
        raise NotFound("This is the platform's host. Call a business's own host, as in `demo.<root domain>`.")
    return host.tenant


async def platform_host(host: CurrentHost) -> Host:
    """The platform's own host. Its endpoints do not exist on a business's."""
    if not host.is_platform:
        raise NotFound
    return host


CurrentTenant = Annotated[Tenant, Depends(current_tenant)]
PlatformHost = Annotated[Host, Depends(platform_host)]
