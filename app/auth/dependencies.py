"""Who calls, what they may do, and the transaction their request runs in.

As in `tenancy/dependencies.py`, what one of these needs of another it asks directly, and each finds out once a request.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import AuditContext, Result
from app.audit.events import AuditEvent
from app.audit.recording import attach, record
from app.auth import csrf, masquerade_attempts
from app.auth.cookies import SANDBOX_CHOSEN, SANDBOX_MODE, CookieNames, is_same_origin
from app.auth.devices import Device
from app.auth.directory import PrincipalDirectory
from app.auth.permissions import BUSINESS_PERMISSIONS, PLATFORM_PERMISSIONS, Permission
from app.auth.principals import Principal
from app.auth.relying_party import RelyingParty
from app.auth.throttle import Throttle
from app.auth.token_networks import require_allowed
from app.auth.token_usage import TokenUsage
from app.core.crypto import Keyring
from app.db.connection import ScopedConnection
from app.db.session import Database
from app.errors import (
    AlreadyMasquerading,
    CrossSiteRequest,
    InPersonOnly,
    PermissionDenied,
    Problem,
    TokenInvalid,
    Unauthenticated,
)
from app.events.dependencies import originate_by
from app.integrations.geoip import Places
from app.mail.branding import PLATFORM_NAME
from app.settings import Settings
from app.tenancy.dependencies import current_host, current_tenant, now, require_platform
from app.tenancy.hosts import Host, HostDirectory
from app.tenancy.mode import Mode
from app.tenancy.shared_rows import keep_to

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SCHEME = "bearer "


async def throttle(request: Request) -> Throttle:
    """What slows down whoever guesses."""
    counter: Throttle = request.app.state.throttle
    return counter


async def settings(request: Request) -> Settings:
    """What this process was started with."""
    given: Settings = request.app.state.runtime.settings
    return given


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
    places: Places = request.app.state.places
    names: CookieNames = request.app.state.cookies
    address = request.client.host if request.client else None
    return Device(
        ip_address=address,
        user_agent=request.headers.get("user-agent"),
        place=places.place_of(address),
        refresh_token=request.cookies.get(names.refresh),
    )


async def relying_party(request: Request) -> RelyingParty:
    """What a passkey at the host that was called is bound to."""
    host = await current_host(request)
    return RelyingParty(
        id=host.name,
        origin=request.app.state.runtime.settings.origin(host.name),
        name=host.tenant.name if host.tenant else PLATFORM_NAME,
    )


def refuse_cross_site(request: Request) -> None:
    """Raise CrossSiteRequest for a write with cookies that other pages than the host's own sent."""
    headers, names = request.headers, request.app.state.cookies
    if request.method not in _SAFE_METHODS and not is_same_origin(
        host=headers.get("host", ""),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        secure=names.secure,
    ):
        raise CrossSiteRequest


async def refuse_foreign_log_in(request: Request) -> None:
    """Raise CrossSiteRequest where a page of another site logs its visitors in: to an account of its own, perhaps.

    Programs send neither header.
    """
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        refuse_cross_site(request)


async def current_principal(request: Request) -> Principal:
    """The caller, for whatever wants to know them. Raises what `identify` does."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        known = await identify(request)
        request.state.principal = known
        if known.actor is not None:
            await _leave_trace(request, known, AuditEvent.MASQUERADE_ACTED)
    return known


async def identify(request: Request) -> Principal:
    """Whoever calls, found out once a request: nothing is left in the trail until an operation asks.

    Raises Unauthenticated and its kind, AddressNotAllowed, CrossSiteRequest and CsrfTokenInvalid.
    """
    refusal: Problem | None = getattr(request.state, "refusal", None)
    if refusal is not None:
        raise refusal
    known: Principal | None = getattr(request.state, "caller", None)
    if known is None:
        known = request.state.caller = _in_chosen_mode(request, await _authenticate(request))
    return known


async def _authenticate(request: Request) -> Principal:
    host = await current_host(request)
    authorization = request.headers.get("authorization", "")
    if authorization[: len(_SCHEME)].lower() == _SCHEME:
        return await _by_bearer(request, host, authorization[len(_SCHEME) :].strip())
    if host.is_for_tokens:
        raise Unauthenticated("Send an API token: on this host it says which business is meant.")
    names: CookieNames = request.app.state.cookies
    cookie = request.cookies.get(names.access)
    if cookie is None:
        raise Unauthenticated
    refuse_cross_site(request)
    principals: PrincipalDirectory = request.app.state.principals
    principal = await principals.authenticate(cookie, host, now=await now(request))
    if principal.session_id is None:  # an API token has no business in a cookie
        raise TokenInvalid
    if request.method not in _SAFE_METHODS:
        csrf.check_csrf_token(request.app.state.keyring, principal.session_id, request.headers.get(csrf.HEADER))
    return principal


def _in_chosen_mode(request: Request, principal: Principal) -> Principal:
    """The caller in the mode that their cookie chooses, if it is theirs to choose. A token's mode is its own."""
    if Permission.SANDBOX_READ in principal.permissions and request.cookies.get(SANDBOX_MODE) == SANDBOX_CHOSEN:
        return replace(principal, mode=Mode.SANDBOX)
    return principal


async def _by_bearer(request: Request, host: Host, credential: str) -> Principal:
    principals: PrincipalDirectory = request.app.state.principals
    instant = await now(request)
    if host.is_for_tokens:
        hosts: HostDirectory = request.app.state.hosts
        tenant_id = await principals.tenant_of(credential)
        host = request.state.host = replace(host, tenant=await hosts.require(tenant_id, now=instant))
    principal = await principals.authenticate(credential, host, now=instant)
    if principal.token_id is not None:
        require_allowed(principal.allowed_networks, request.client.host if request.client else None)
        usage: TokenUsage = request.app.state.token_usage
        usage.note(principal.token_id, instant)
    return principal


async def _leave_trace(
    request: Request,
    principal: Principal,
    event: AuditEvent,
    result: Result = Result.SUCCESS,
    reason: str | None = None,
    status: int | None = None,
) -> None:
    """Write to the audit trail at once, whatever becomes of the request.

    So nothing is seen or done in another's place but what the trail knew of before.
    """
    database: Database = request.app.state.database
    async with database.transaction() as session:
        attach(session, replace(audit_context(request, principal), status=status))
        record(session, event, result=result, reason=reason)


def audit_context(request: Request, principal: Principal | None = None) -> AuditContext:
    """What the audit trail says of this request. Without a principal, as far as it is known by now."""
    who: Principal | None = principal or getattr(request.state, "principal", None)
    host: Host | None = getattr(request.state, "host", None)
    route = request.scope.get("route")
    return AuditContext(
        at=request.state.now,
        request_id=request.state.request_id,
        actor_id=(who.actor.user_id if who.actor else who.user_id) if who else None,
        actor_email=(who.actor.email if who.actor else who.email) if who else None,
        user_id=who.user_id if who else None,
        user_email=who.email if who else None,
        session_id=who.session_id if who else None,
        token_id=who.token_id if who else None,
        grant_id=getattr(request.state, "grant_id", None),
        tenant_id=host.tenant.id if host and host.tenant else None,
        mode=who.mode if who else None,
        method=request.method,
        route=getattr(route, "path", None),
        status=getattr(route, "status_code", None) or HTTPStatus.OK,
        ip_address=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )


@dataclass(frozen=True, slots=True)
class Permitted:
    """A dependency that lets only callers with this permission through, on the hosts where it is of use."""

    permission: Permission

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises NotFound on the wrong kind of host, whoever calls, and PermissionDenied."""
        if self.permission in PLATFORM_PERMISSIONS:
            await require_platform(request)
        elif self.permission in BUSINESS_PERMISSIONS:
            await current_tenant(request)
        principal = await current_principal(request)
        await self.require(request, principal)
        request.state.grant_id = principal.grant_for(self.permission)
        if principal.actor is not None and request.method == "DELETE":
            raise InPersonOnly("Nothing can be deleted while masquerading.")
        return principal

    async def require(self, request: Request, principal: Principal) -> None:
        """Raise PermissionDenied unless the caller has this permission. The audit trail keeps that."""
        try:
            principal.require(self.permission)
        except PermissionDenied as refusal:
            await _leave_trace(
                request, principal, AuditEvent.PERMISSION_DENIED, Result.DENIED, refusal.detail, refusal.status
            )
            raise


@dataclass(frozen=True, slots=True)
class PermittedToMasquerade(Permitted):
    """Likewise, for the one operation whose every attempt is kept together with whom it was aimed at."""

    async def require(self, request: Request, principal: Principal) -> None:
        try:
            if principal.actor is not None:
                raise AlreadyMasquerading
            principal.require(self.permission)
        except Problem as refusal:
            await _leave_attempt(request, principal, refusal.detail)
            raise


async def _leave_attempt(request: Request, principal: Principal, rule: str) -> None:
    database: Database = request.app.state.database
    aimed_at, reason = masquerade_attempts.aim_of(await request.body())
    target_id = request.path_params.get("user_id", aimed_at)  # which the back office has in its addresses
    async with database.transaction() as session:
        attach(session, partial(audit_context, request, principal))
        await masquerade_attempts.note_denied(session, target_id, rule=rule, reason=reason)


async def in_session(request: Request) -> Principal:
    """A user in a session, also while somebody acts in their place. Raises InPersonOnly for an API token."""
    principal = await current_principal(request)
    principal.in_session()
    return principal


async def in_person(request: Request) -> Principal:
    """A user in a session of their own, for what concerns their own account. Raises InPersonOnly."""
    principal = await current_principal(request)
    principal.in_person()
    return principal


def _mode_asked_for(request: Request) -> Mode | None:
    """The caller's mode, as soon as the operation wants to know the caller."""
    principal: Principal | None = getattr(request.state, "principal", None)
    return principal.mode if principal else None


@asynccontextmanager
async def _transaction(request: Request, schema: str | None) -> AsyncIterator[AsyncSession]:
    """The request's transaction, which begins with what is wrapped round the operation, if that has asked to."""
    database: Database = request.app.state.database
    await now(request)
    async with database.transaction(schema) as session:
        attach(session, partial(audit_context, request))
        keep_to(session, partial(_mode_asked_for, request))
        originate_by(request, session)
        at_begin: Callable[[AsyncSession], Awaitable[None]] | None = getattr(request.state, "at_begin", None)
        if at_begin is not None:
            await at_begin(session)
        yield session


async def public_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction on the shared tables alone, committed before the response is sent."""
    async with _transaction(request, None) as session:
        yield session


async def tenant_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction in the schema of the caller's business and mode, committed likewise."""
    tenant = await current_tenant(request)
    principal = await current_principal(request)
    async with _transaction(request, tenant.schema(principal.mode)) as session:
        yield session


async def live_session(request: Request) -> AsyncIterator[AsyncSession]:
    """The request's transaction in the live schema of the business that was called, whoever calls, committed likewise.

    On the platform's hosts on the shared tables alone.
    """
    host = await current_host(request)
    async with _transaction(request, host.tenant.schema(Mode.LIVE) if host.tenant else None) as session:
        yield session


async def tenant_snapshot(request: Request) -> AbstractAsyncContextManager[ScopedConnection]:
    """A read-only transaction likewise, to be entered for just as long as the reading takes: for the busiest reads."""
    tenant = await current_tenant(request)
    principal = await current_principal(request)
    database: Database = request.app.state.database
    return database.snapshot(tenant.schema(principal.mode))


Now = Annotated[datetime, Depends(now)]
CurrentThrottle = Annotated[Throttle, Depends(throttle)]
CurrentSettings = Annotated[Settings, Depends(settings)]
Keys = Annotated[Keyring, Depends(keyring)]
Cookies = Annotated[CookieNames, Depends(cookie_names)]
CurrentDevice = Annotated[Device, Depends(device)]
CurrentRelyingParty = Annotated[RelyingParty, Depends(relying_party)]
CurrentPrincipal = Annotated[Principal, Depends(current_principal)]
InSession = Annotated[Principal, Depends(in_session)]
InPerson = Annotated[Principal, Depends(in_person)]
PublicSession = Annotated[AsyncSession, Depends(public_session, scope="function")]
TenantSession = Annotated[AsyncSession, Depends(tenant_session, scope="function")]
LiveSession = Annotated[AsyncSession, Depends(live_session, scope="function")]
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
CanEnterSandbox = Annotated[Principal, Depends(Permitted(P.SANDBOX_READ))]
CanResetSandbox = Annotated[Principal, Depends(Permitted(P.SANDBOX_WRITE))]
CanReadTenants = Annotated[Principal, Depends(Permitted(P.TENANTS_READ))]
CanWriteTenants = Annotated[Principal, Depends(Permitted(P.TENANTS_WRITE))]
CanReadBusiness = Annotated[Principal, Depends(Permitted(P.BUSINESS_READ))]
CanWriteBusiness = Annotated[Principal, Depends(Permitted(P.BUSINESS_WRITE))]
CanReadStaff = Annotated[Principal, Depends(Permitted(P.STAFF_READ))]
CanWriteStaff = Annotated[Principal, Depends(Permitted(P.STAFF_WRITE))]
CanReadGrants = Annotated[Principal, Depends(Permitted(P.GRANTS_READ))]
CanWriteGrants = Annotated[Principal, Depends(Permitted(P.GRANTS_WRITE))]
CanMasquerade = Annotated[Principal, Depends(Permitted(P.MASQUERADE))]
CanBeginMasquerade = Annotated[Principal, Depends(PermittedToMasquerade(P.MASQUERADE))]
CanReadAudit = Annotated[Principal, Depends(Permitted(P.AUDIT_READ))]
CanReadUsers = Annotated[Principal, Depends(Permitted(P.USERS_READ))]
CanWriteUsers = Annotated[Principal, Depends(Permitted(P.USERS_WRITE))]
CanReadTiers = Annotated[Principal, Depends(Permitted(P.TIERS_READ))]
CanWriteTiers = Annotated[Principal, Depends(Permitted(P.TIERS_WRITE))]
CanReadOperations = Annotated[Principal, Depends(Permitted(P.OPERATIONS_READ))]
