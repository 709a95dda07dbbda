"""Who calls, what they may do, and the transaction their request runs in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.cookies import CookieNames, is_same_origin
from app.auth.directory import PrincipalDirectory
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.auth.sessions import Device
from app.core.clock import utcnow
from app.core.crypto import Keyring
from app.db.session import Database
from app.errors import CrossSiteRequest, NotFound, Unauthenticated
from app.tenancy.dependencies import CurrentHost

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An API token of this business (`ss_live_…`, `ss_test_…`), or an access token from a log-in.",
)
_cookie = APIKeyCookie(
    auto_error=False,
    name="access_token",
    scheme_name="cookie",
    description="Set by a log-in, for browsers. Writes must come from the host's own pages.",
)


async def now() -> datetime:
    """The instant at which a request is handled."""
    return utcnow()


async def keyring(request: Request) -> Keyring:
    ring: Keyring = request.app.state.keyring
    return ring


async def cookie_names(request: Request) -> CookieNames:
    names: CookieNames = request.app.state.cookies
    return names


async def device(request: Request) -> Device:
    return Device(
        ip_address=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )


Now = Annotated[datetime, Depends(now)]
Keys = Annotated[Keyring, Depends(keyring)]
Cookies = Annotated[CookieNames, Depends(cookie_names)]
CurrentDevice = Annotated[Device, Depends(device)]


def refuse_cross_site(request: Request) -> None:
    """Raise CrossSiteRequest for a write with cookies that other pages than the host's own sent."""
    headers = request.headers
    if request.method not in _SAFE_METHODS and not is_same_origin(
        host=headers.get("host", ""), origin=headers.get("origin"), fetch_site=headers.get("sec-fetch-site")
    ):
        raise CrossSiteRequest


async def current_principal(
    request: Request,
    host: CurrentHost,
    moment: Now,
    names: Cookies,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    _documented: Annotated[str | None, Security(_cookie)],
) -> Principal:
    """The authenticated caller. Raises Unauthenticated and its kind, and CrossSiteRequest."""
    if bearer is not None:
        credential = bearer.credentials
    else:
        cookie = request.cookies.get(names.access)
        if cookie is None:
            raise Unauthenticated
        refuse_cross_site(request)
        credential = cookie
    directory: PrincipalDirectory = request.app.state.principals
    principal = await directory.authenticate(credential, host, now=moment)
    request.state.mode = principal.mode
    return principal


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


def permitted(permission: Permission) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that lets only callers with this permission through."""

    async def check(principal: CurrentPrincipal) -> Principal:
        principal.require(permission)
        return principal

    return check


async def public_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction on the shared tables alone, committed before the response is sent."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


async def tenant_session(request: Request, principal: CurrentPrincipal) -> AsyncIterator[AsyncSession]:
    """The request's transaction in the schema of the caller's business and mode, committed likewise."""
    if principal.tenant is None:
        raise NotFound("This is the platform's host. Call a business's own host, as in `demo.<root domain>`.")
    database: Database = request.app.state.database
    async with database.transaction(principal.tenant.schema(principal.mode)) as session:
        yield session


PublicSession = Annotated[AsyncSession, Depends(public_session, scope="function")]
TenantSession = Annotated[AsyncSession, Depends(tenant_session, scope="function")]

P = Permission
CanReadAppointments = Annotated[Principal, Depends(permitted(P.APPOINTMENTS_READ))]
CanBookAppointments = Annotated[Principal, Depends(permitted(P.APPOINTMENTS_WRITE))]
CanReadAvailability = Annotated[Principal, Depends(permitted(P.AVAILABILITY_READ))]
CanReadCustomers = Annotated[Principal, Depends(permitted(P.CUSTOMERS_READ))]
CanWriteCustomers = Annotated[Principal, Depends(permitted(P.CUSTOMERS_WRITE))]
CanReadResources = Annotated[Principal, Depends(permitted(P.RESOURCES_READ))]
CanWriteResources = Annotated[Principal, Depends(permitted(P.RESOURCES_WRITE))]
CanReadServices = Annotated[Principal, Depends(permitted(P.SERVICES_READ))]
CanWriteServices = Annotated[Principal, Depends(permitted(P.SERVICES_WRITE))]
CanReadWebhooks = Annotated[Principal, Depends(permitted(P.WEBHOOKS_READ))]
CanWriteWebhooks = Annotated[Principal, Depends(permitted(P.WEBHOOKS_WRITE))]
CanReadTokens = Annotated[Principal, Depends(permitted(P.TOKENS_READ))]
CanWriteTokens = Annotated[Principal, Depends(permitted(P.TOKENS_WRITE))]
CanReadTenants = Annotated[Principal, Depends(permitted(P.TENANTS_READ))]
CanWriteTenants = Annotated[Principal, Depends(permitted(P.TENANTS_WRITE))]
