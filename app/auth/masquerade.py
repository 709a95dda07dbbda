"""Acting in another's place: begun, handed over to the user's own host, ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth import jwt, masquerade_notices, one_time_codes, session_list, sessions
from app.auth.devices import Device
from app.auth.masquerade_attempts import Allowed, Attempt, judge
from app.auth.masquerade_schemas import MasqueradeCreate
from app.auth.one_time_codes import Purpose
from app.auth.principals import Principal
from app.auth.sessions import Mask, SignedIn
from app.core.crypto import Keyring
from app.errors import NotMasquerading
from app.mail.links import AccountPage, account_link
from app.models.public import TenantRow, UserRow, UserSessionRow
from app.settings import Settings
from app.tenancy.hosts import Host

CODE_TTL = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Handover:
    """What begins a masquerade at the host that the user belongs to, since cookies do not cross hosts."""

    url: str
    code: str
    expires_at: datetime


async def begin(
    session: AsyncSession,
    keyring: Keyring,
    settings: Settings,
    host: Host,
    actor: Principal,
    data: MasqueradeCreate,
    *,
    device: Device,
    now: datetime,
) -> SignedIn | Handover:
    """Act as a user: here, if they belong to this host, else by a code that their own host takes for a minute.

    The actor's own session goes on beside it. Raises MasqueradeDenied (alike for users out of reach and for no user at
    all) and, for an API token, InPersonOnly.
    """
    allowed = await judge(session, Attempt(actor.in_person(), data.user_id, data.reason), now=now)
    if allowed.tenant is not None and host.is_platform:
        return await _hand_over(session, keyring, settings, allowed, allowed.tenant, now=now)
    return await _start(session, keyring, host, allowed, device=device, now=now)


async def redeem(
    session: AsyncSession, keyring: Keyring, host: Host, code: str, *, device: Device, now: datetime
) -> SignedIn:
    """Begin the masquerade that was handed over to this host. The rules are asked again.

    Raises LinkInvalid, and MasqueradeDenied, which uses the code up as well.
    """
    tenant_id = host.tenant.id if host.tenant else None
    row = await one_time_codes.redeem(session, keyring, Purpose.MASQUERADE, code, tenant_id=tenant_id, now=now)
    kept = row.payload
    attempt = Attempt(UUID(kept["session_id"]), UUID(kept["user_id"]), kept["reason"])
    return await _start(session, keyring, host, await judge(session, attempt, now=now), device=device, now=now)


async def end(session: AsyncSession, principal: Principal, *, now: datetime) -> None:
    """Stop acting in the user's place, at once in every process. Raises NotMasquerading."""
    if principal.actor is None:
        raise NotMasquerading
    await session_list.end(session, principal.in_session(), now=now)


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Tell the trail of masquerades that nobody has ended and whose time is up."""
    actor = aliased(UserRow)
    query = (
        select(UserSessionRow, UserRow, actor.email)
        .join(UserRow, UserRow.id == UserSessionRow.user_id)
        .join(actor, actor.id == UserSessionRow.actor_id)
        .where(
            UserSessionRow.actor_session_id.is_not(None),
            UserSessionRow.revoked_at.is_(None),
            UserSessionRow.expires_at <= now,
        )
        .with_for_update(of=UserSessionRow, skip_locked=True)
    )
    for mask, user, actor_email in (await session.execute(query)).all():
        mask.revoked_at = now
        record(
            session,
            AuditEvent.MASQUERADE_ENDED,
            about=Subject("user", user.id),
            tenant_id=user.tenant_id,
            reason="The time was up.",
            actor_id=mask.actor_id,
            actor_email=actor_email,
            user_id=user.id,
            user_email=user.email,
            session_id=mask.id,
        )


async def _hand_over(
    session: AsyncSession,
    keyring: Keyring,
    settings: Settings,
    allowed: Allowed,
    tenant: TenantRow,
    *,
    now: datetime,
) -> Handover:
    code = await one_time_codes.issue(
        session,
        keyring,
        Purpose.MASQUERADE,
        ttl=CODE_TTL,
        now=now,
        user_id=allowed.target.id,
        tenant_id=tenant.id,
        payload={
            "session_id": str(allowed.session_id),
            "user_id": str(allowed.target.id),
            "reason": allowed.reason,
        },
    )
    return Handover(account_link(settings, tenant.slug, AccountPage.SIGN_IN_AS, code), code, now + CODE_TTL)


async def _start(
    session: AsyncSession, keyring: Keyring, host: Host, allowed: Allowed, *, device: Device, now: datetime
) -> SignedIn:
    """Begin the session, and tell whom it concerns.

    Its access token lasts as long as the masquerade, so that there is nothing to refresh: a browser's refresh token
    stays the one of its own session, which it falls back to by itself.
    """
    user, actor = allowed.target, allowed.actor
    mask = Mask(actor.id, allowed.session_id, allowed.reason, until=allowed.session_ends_at)
    signed_in = await sessions.start(session, keyring, host, user, device, (), now=now, mask=mask)
    record(
        session,
        AuditEvent.MASQUERADE_STARTED,
        about=Subject("user", user.id),
        reason=allowed.reason,
        diff=changed({}, {"role": user.role, "expires_at": signed_in.expires_at}),
        actor_id=actor.id,
        actor_email=actor.email,
        user_id=user.id,
        user_email=user.email,
        session_id=signed_in.session_id,
    )
    await masquerade_notices.tell(session, keyring, allowed, now=now)
    claims = jwt.AccessClaims(user.id, signed_in.session_id, host.audience, user.role, actor.id)
    token = jwt.issue(claims, keyring.signing_key, now=now, until=signed_in.expires_at)
    return replace(signed_in, access_token=token, access_expires_at=signed_in.expires_at)
