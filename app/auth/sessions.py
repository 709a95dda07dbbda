"""Logging in, staying logged in, logging out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import jwt
from app.auth.directory import session_tag
from app.auth.passwords import verify_password
from app.auth.principals import Principal
from app.auth.refresh_tokens import read_refresh_token, refresh_token
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.db.invalidation import announce
from app.errors import CredentialsInvalid, RefreshTokenReused, SessionInvalid
from app.models.public import UserRow, UserSessionRow
from app.tenancy.hosts import Host

SESSION_TTL = timedelta(days=30)
GRACE = timedelta(seconds=5)
_USER_AGENT_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Device:
    """Where a log-in came from."""

    ip_address: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's tokens as given out now: an access token for 15 minutes and the refresh token that follows."""

    access_token: str
    refresh_token: str
    user: UserRow


async def log_in(
    session: AsyncSession,
    keyring: Keyring,
    host: Host,
    *,
    email: str,
    password: str,
    device: Device,
    now: datetime,
) -> SignedIn:
    """Start a session for a user of this host.

    Raises CredentialsInvalid, alike (and after the same work) for an unknown address, a wrong password and a
    deactivated user.
    """
    tenant_id = host.tenant.id if host.tenant else None
    query = select(UserRow).where(
        UserRow.email == email.lower(),
        UserRow.tenant_id.is_not_distinct_from(tenant_id),
        UserRow.is_sandbox.is_(False),
    )
    user = (await session.scalars(query)).one_or_none()
    await session.close()  # hashes queue for a thread; whoever floods the log-in must not hold every connection too
    fits = await verify_password(password, user.password_hash if user else None)
    if user is None or not fits or not user.is_active:
        raise CredentialsInvalid
    started = UserSessionRow(
        id=uuid7(),
        user_id=user.id,
        generation=1,
        rotated_at=now,
        expires_at=now + SESSION_TTL,
        revoked_at=None,
        ip_address=device.ip_address,
        user_agent=device.user_agent[:_USER_AGENT_LENGTH] if device.user_agent else None,
        created_at=now,
    )
    session.add(started)
    return _sign(keyring, host, user, started, now)


async def refresh(session: AsyncSession, keyring: Keyring, host: Host, token: str, *, now: datetime) -> SignedIn:
    """Exchange a refresh token for its successor. The same token may be exchanged again within five seconds.

    Raises SessionInvalid, and RefreshTokenReused (which ends the session) for a token exchanged longer ago.
    """
    session_id, generation = read_refresh_token(keyring, token)
    query = (
        select(UserSessionRow, UserRow)
        .join(UserRow, UserRow.id == UserSessionRow.user_id)
        .where(
            UserSessionRow.id == session_id,
            UserSessionRow.revoked_at.is_(None),
            UserSessionRow.expires_at > now,
            UserRow.is_active,
            UserRow.tenant_id.is_not_distinct_from(host.tenant.id if host.tenant else None),
        )
        .with_for_update(of=UserSessionRow)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise SessionInvalid
    current, user = found
    if generation == current.generation:
        current.generation += 1
        current.rotated_at = now
    elif generation != current.generation - 1 or now > current.rotated_at + GRACE:
        current.revoked_at = now
        announce(session, session_tag(session_id))
        raise RefreshTokenReused
    return _sign(keyring, host, user, current, now)


async def log_out(session: AsyncSession, principal: Principal, *, now: datetime) -> None:
    """End the caller's session: its tokens stop to work at once, in every process. An API token has none."""
    session_id = principal.session_id
    if session_id is None:
        return
    await session.execute(
        update(UserSessionRow)
        .where(UserSessionRow.id == session_id, UserSessionRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    announce(session, session_tag(session_id))


async def profile(session: AsyncSession, principal: Principal) -> UserRow:
    """The user that the principal is, or acts for."""
    return (await session.scalars(select(UserRow).where(UserRow.id == principal.user_id))).one()


def _sign(keyring: Keyring, host: Host, user: UserRow, current: UserSessionRow, now: datetime) -> SignedIn:
    claims = jwt.AccessClaims(user.id, current.id, host.audience, user.role)
    return SignedIn(
        access_token=jwt.issue(claims, keyring.signing_key, now=now),
        refresh_token=refresh_token(keyring, current.id, current.generation),
        user=user,
    )
