"""A user's sessions: begun, kept alive, ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth import jwt, session_list
from app.auth.csrf import csrf_token
from app.auth.devices import LONGEST_USER_AGENT, Device
from app.auth.loading import load_session
from app.auth.methods import Method
from app.auth.new_devices import tell_if_new
from app.auth.principals import Principal
from app.auth.refresh_tokens import read_refresh_token, refresh_token
from app.auth.roles import Role
from app.auth.session_limits import MASQUERADE_TTL, limits_of
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.errors import RefreshTokenReused, SessionInvalid
from app.models.public import UserRow, UserSessionRow
from app.tenancy.hosts import Host

GRACE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Mask:
    """Who uses a session in the user's place, from which session of their own, why, and until when at most."""

    actor_id: UUID
    actor_session_id: UUID
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's tokens as given out at an instant: an access token, and the refresh token that follows."""

    access_token: str
    refresh_token: str
    csrf_token: str
    user: UserRow
    session_id: UUID
    issued_at: datetime
    access_expires_at: datetime
    expires_at: datetime
    """When the session ends, unless it is refreshed before."""


async def start(
    session: AsyncSession,
    keyring: Keyring,
    host: Host,
    user: UserRow,
    device: Device,
    methods: Iterable[Method],
    *,
    now: datetime,
    mask: Mask | None = None,
) -> SignedIn:
    """Begin a session for a user who has shown who they are, at the host they belong to. The browser's former one ends.

    Where the user may have a second factor, `log_in.proceed` asks for it first. With a mask it is a masquerade, for
    half an hour at most: of that neither the user nor the audit trail is told here.
    """
    end = min(now + MASQUERADE_TTL, mask.until) if mask else now + limits_of(Role(user.role)).absolute
    if mask is None:
        await _end_earlier(session, keyring, device, now)
        await tell_if_new(session, keyring, user, device, now=now)
    started = UserSessionRow(
        id=uuid7(),
        user_id=user.id,
        generation=1,
        rotated_at=now,
        expires_at=end,
        revoked_at=None,
        ip_address=device.ip_address,
        user_agent=device.user_agent[:LONGEST_USER_AGENT] if device.user_agent else None,
        created_at=now,
        methods=list(methods),
        place=device.place,
        actor_id=mask.actor_id if mask else None,
        actor_session_id=mask.actor_session_id if mask else None,
        reason=mask.reason if mask else None,
    )
    session.add(started)
    await session.flush()
    if mask is None:
        _record_start(session, user, started)
    return _sign(keyring, host, user, started, now)


async def refresh(session: AsyncSession, keyring: Keyring, host: Host, token: str, *, now: datetime) -> SignedIn:
    """Exchange a refresh token for its successor. The same token may be exchanged again within five seconds.

    Raises SessionInvalid (for a masquerade too: it is never made longer), and RefreshTokenReused (which ends the
    session) for a token exchanged longer ago.
    """
    session_id, generation = read_refresh_token(keyring, token)
    query = select(UserSessionRow).where(UserSessionRow.id == session_id, UserSessionRow.actor_id.is_(None))
    current = (await session.scalars(query.with_for_update())).one_or_none()
    loaded = await load_session(session, session_id, host, wants_second_factor=False, now=now)
    if current is None or loaded is None or loaded.has_ended(now):
        raise SessionInvalid
    if generation == current.generation:
        current.generation += 1
        current.rotated_at = now
    elif generation != current.generation - 1 or now > current.rotated_at + GRACE:
        await _end_reused(session, loaded.principal, session_id, now)
        raise RefreshTokenReused
    user = await session.get_one(UserRow, current.user_id)
    return _sign(keyring, host, user, current, now)


async def log_out(session: AsyncSession, principal: Principal, *, now: datetime) -> None:
    """End the caller's session: its tokens stop to work at once, in every process. An API token has none."""
    if principal.session_id is None:
        return
    await session_list.end(session, principal.session_id, now=now)
    if principal.actor is None:
        record(session, AuditEvent.SESSION_ENDED, about=Subject("session", principal.session_id))


async def _end_earlier(session: AsyncSession, keyring: Keyring, device: Device, now: datetime) -> None:
    """End the session that the browser had before, whoever's it was: nothing is left of it that could be used."""
    try:
        session_id, _ = read_refresh_token(keyring, device.refresh_token or "")
    except SessionInvalid:
        return
    ended = await session_list.end(session, session_id, now=now)
    if ended is not None:
        record(
            session,
            AuditEvent.SESSION_ENDED,
            about=Subject("session", session_id),
            reason="Another log-in in the same browser took its place.",
            user_id=ended.user_id,
            session_id=session_id,
        )


async def _end_reused(session: AsyncSession, principal: Principal, session_id: UUID, now: datetime) -> None:
    record(
        session,
        AuditEvent.SESSION_REFRESH_REUSED,
        about=Subject("session", session_id),
        result=Result.DENIED,
        actor_id=principal.user_id,
        actor_email=principal.email,
        user_id=principal.user_id,
        user_email=principal.email,
        session_id=session_id,
    )
    await session_list.end(session, session_id, now=now)


def _record_start(session: AsyncSession, user: UserRow, started: UserSessionRow) -> None:
    record(
        session,
        AuditEvent.SESSION_STARTED,
        about=Subject("session", started.id),
        diff={"methods": started.methods, "expires_at": started.expires_at},
        actor_id=user.id,
        actor_email=user.email,
        user_id=user.id,
        user_email=user.email,
        session_id=started.id,
    )


def _sign(keyring: Keyring, host: Host, user: UserRow, current: UserSessionRow, now: datetime) -> SignedIn:
    ends_at = limits_of(Role(user.role)).end(rotated_at=current.rotated_at, expires_at=current.expires_at)
    access_expires_at = min(now + jwt.ACCESS_TTL, ends_at)
    claims = jwt.AccessClaims(user.id, current.id, host.audience, user.role, current.actor_id)
    return SignedIn(
        access_token=jwt.issue(claims, keyring.signing_key, now=now, until=access_expires_at),
        refresh_token=refresh_token(keyring, current.id, current.generation),
        csrf_token=csrf_token(keyring, current.id),
        user=user,
        session_id=current.id,
        issued_at=now,
        access_expires_at=access_expires_at,
        expires_at=ends_at,
    )
