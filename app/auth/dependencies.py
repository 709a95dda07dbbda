"""Who calls, what they may do, and the transaction their request runs in.

As in `tenancy/dependencies.py`, what one of these needs of another it asks directly, and each finds out once a request.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.cookies import CookieNames, is_same_origin
from app.auth.directory import PrincipalDirectory
from app.auth.permissions import PLATFORM_PERMISSIONS, Permission
from app.auth.principals import Principal
from app.auth.sessions import Device
from app.core.clock import utcnow
from app.core.crypto import Keyring
from app.db.connection import ScopedConnection
from app.db.session import Database
from app.errors import CrossSiteRequest, Unauthenticated
from app.tenancy.dependencies import current_host, current_tenant, require_platform

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SCHEME = "bearer "


async def now(request: Request) -> datetime:
    """The instant at which a request is handled, the same wherever it is asked for."""
    known: datetime | None = getattr(request.state, "now", None)
    if known is None:
        known = request.state.now = utcnow()
    return known


async def keyring(request: Request) -> Keyring:
    """The installation's keys."""
    keys: Keyring = request.app.state.keyring
    return keys


async def cookie_names(request: Request) -> CookieNames:
    """The names of the session's cookies on this installation."""
    names: CookieNames = request.app.state.cookies
    return names


async def device(request: Request) -> Device:
    """Where the request came from."""
    return Device(
        ip_address=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )


def refuse_cross_site(request: Request) -> None:
    """Raise CrossSiteRequest for a write with cookies that other pages than the host's own sent."""
    headers = request.headers
    if request.method not in _SAFE_METHODS and not is_same_origin(
        host=headers.get("host", ""), origin=headers.get("origin"), fetch_site=headers.get("sec-fetch-site")
    ):
        raise CrossSiteRequest


async def current_principal(request: Request) -> Principal:
    """The authenticated caller. Raises Unauthenticated and its kind, and CrossSiteRequest."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        host = await current_host(request)
        directory: PrincipalDirectory = request.app.state.principals
        known = await directory.authenticate(_credential(request), host, now=await now(request))
        request.state.principal = known
    return known


def _credential(request: Request) -> str:
    authorization = request.headers.get("authorization", "")
    if authorization[: len(_SCHEME)].lower() == _SCHEME:
        return authorization[len(_SCHEME) :].strip()
    names: CookieNames = request.app.state.cookies
    cookie = request.cookies.get(names.access)
    if cookie is None:
        raise Unauthenticated
    refuse_cross_site(request)
    return cookie


@dataclass(frozen=True, slots=True)
class Permitted:
    """A dependency that lets only callers with this permission through, on the hosts where it is of use."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises NotFound on the wrong kind of host, whoever calls, and PermissionDenied."""
        await (require_platform if self.permission in PLATFORM_PERMISSIONS else current_tenant)(request)
        principal = await current_principal(request)
        principal.require(self.permission)
        return principal


async def public_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction on the shared tables alone, committed before the response is sent."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


async def tenant_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction in the schema of the caller's business and mode, committed likewise."""
    tenant = await current_tenant(request)
    principal = await current_principal(request)
    database: Database = request.app.state.database
    async with database.transaction(tenant.schema(principal.mode)) as session:
        yield session


async def tenant_snapshot(request: Request) -> AbstractAsyncContextManager[ScopedConnection]:
    """A read-only transaction likewise, to be entered for just as long as the reading takes: for the busiest reads."""
    tenant = await current_tenant(request)
    principal = await current_principal(request)
    database: Database = request.app.state.database
    return database.snapshot(tenant.schema(principal.mode))


Now = Annotated[datetime, Depends(now)]
Keys = Annotated[Keyring, Depends(keyring)]
Cookies = Annotated[CookieNames, Depends(cookie_names)]
CurrentDevice = Annotated[Device, Depends(device)]
CurrentPrincipal = Annotated[Principal, Depends(current_principal)]
PublicSession = Annotated[AsyncSession, Depends(public_session, scope="function")]
TenantSession = Annotated[AsyncSession, Depends(tenant_session, scope="function")]
TenantSnapshot = Annotated[AbstractAsyncContextManager[ScopedConnection], Depends(tenant_snapshot)]

P = Permission
CanReadAppointments = Annotated[Principal, Depends(Permitted(P.APPOINTMENTS_READ))]
CanBookAppointments = Annotated[Principal, Depends(Permitted(P.APPOINTMENTS_WRITE))]
CanReadAvailability = Annotated[Principal, Depends(Permitted(P.AVAILABILITY_READ))]
CanReadCustomers = Annotated[Principal, Depends(Permitted(P.CUSTOMERS_READ))]
CanWriteCustomers = Annotated[Principal, Depends(Permitted(P.CUSTOMERS_WRITE))]
CanReadResources = Annotated[Principal, Depends(Permitted(P.RESOURCES_READ))]
CanWriteResources = Annotated[Principal, Depends(Permitted(P.RESOURCES_WRITE))]
CanReadServices = Annotated[Principal, Depends(Permitted(P.SERVICES_READ))]
CanWriteServices = Annotated[Principal, Depends(Permitted(P.SERVICES_WRITE))]
CanReadWebhooks = Annotated[Principal, Depends(Permitted(P.WEBHOOKS_READ))]
CanWriteWebhooks = Annotated[Principal, Depends(Permitted(P.WEBHOOKS_WRITE))]
CanReadTokens = Annotated[Principal, Depends(Permitted(P.TOKENS_READ))]
CanWriteTokens = Annotated[Principal, Depends(Permitted(P.TOKENS_WRITE))]
CanReadTenants = Annotated[Principal, Depends(Permitted(P.TENANTS_READ))]
CanWriteTenants = Annotated[Principal, Depends(Permitted(P.TENANTS_WRITE))]
