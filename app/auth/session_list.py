"""The sessions a user has, and ending them: one, all others, or all there are."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.one_time_codes import Purpose, withdraw
from app.auth.principals import Principal
from app.auth.roles import Role
from app.auth.session_limits import limits_of
from app.auth.session_schemas import MySessionFilters
from app.auth.tags import session_tag
from app.core.pagination import Page
from app.db.conditions import was_made
from app.db.invalidation import announce
from app.db.pages import Orders, find_page
from app.errors import SessionNotFound
from app.models.public import UserRow, UserSessionRow

MEMORY = timedelta(days=365)

_ORDERS: Orders = {"created_at": UserSessionRow.created_at, "last_used_at": UserSessionRow.rotated_at}
_ActorRow = aliased(UserRow)
_HALF_WAY = (Purpose.SECOND_FACTOR, Purpose.PASSKEY_LOG_IN, Purpose.PASSKEY_REGISTRATION)


async def find(
    session: AsyncSession, principal: Principal, filters: MySessionFilters, *, now: datetime
) -> Page[UserSessionRow]:
    """A page of the caller's own sessions that have not ended. Raises CursorInvalid."""
    query = select(UserSessionRow).where(_own(principal, now), was_made(filters, UserSessionRow.created_at))
    return await find_page(session, query, filters, _ORDERS, by=UserSessionRow.id, ids=filters.ids)


async def revoke(session: AsyncSession, principal: Principal, session_id: UUID, *, now: datetime) -> None:
    """End one of the caller's own sessions at once. Raises SessionNotFound."""
    query = select(UserSessionRow.id).where(UserSessionRow.id == session_id, _own(principal, now))
    if (await session.scalars(query)).one_or_none() is None:
        raise SessionNotFound
    await end(session, session_id, now=now)
    record(session, AuditEvent.SESSION_REVOKED, about=Subject("session", session_id), diff={"count": 1})


async def end(session: AsyncSession, session_id: UUID, *, now: datetime) -> UserSessionRow | None:
    """End a session, and the masquerades begun from it: their tokens stop to work at once, in every process.

    The session, if it had not ended before.
    """
    condition = or_(UserSessionRow.id == session_id, UserSessionRow.actor_session_id == session_id)
    ended = await _end(session, condition, now)
    return next((row for row, _ in ended if row.id == session_id), None)


async def end_all(session: AsyncSession, user_id: UUID, *, now: datetime, but: UUID | None = None) -> int:
    """End all of a user's sessions (but this one, and what was begun from it), and how many of their own these were.

    Masquerades as the user and by the user end with them, and so do log-ins that have got half way.
    """
    condition = or_(UserSessionRow.user_id == user_id, UserSessionRow.actor_id == user_id)
    if but is not None:
        condition &= (UserSessionRow.id != but) & UserSessionRow.actor_session_id.is_distinct_from(but)
    ended = await _end(session, condition, now)
    await withdraw(session, user_id, *_HALF_WAY)
    count = sum(row.actor_id is None and _lasts(row, role, now) for row, role in ended)
    if count:
        record(session, AuditEvent.SESSION_REVOKED, about=Subject("user", user_id), diff={"count": count})
    return count


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Forget the sessions that have ended long ago. Until then they are the devices that a user is known to have."""
    await session.execute(delete(UserSessionRow).where(UserSessionRow.expires_at <= now - MEMORY))


async def _end(
    session: AsyncSession, condition: ColumnElement[bool], now: datetime
) -> list[tuple[UserSessionRow, Role]]:
    """End what fits and has not ended, locked in one order, so that no two who do so wait for each other."""
    query = (
        select(UserSessionRow, UserRow, _ActorRow.email)
        .join(UserRow, UserRow.id == UserSessionRow.user_id)
        .outerjoin(_ActorRow, _ActorRow.id == UserSessionRow.actor_id)
        .where(condition, UserSessionRow.revoked_at.is_(None), UserSessionRow.expires_at > now)
        .order_by(UserSessionRow.id)
        .with_for_update(of=UserSessionRow)
    )
    ended = (await session.execute(query)).all()
    for row, user, actor_email in ended:
        row.revoked_at = now
        announce(session, session_tag(row.id))
        if row.actor_id is not None:
            _record_unmasking(session, row, user, actor_email)
    return [(row, Role(user.role)) for row, user, _ in ended]


def _record_unmasking(session: AsyncSession, row: UserSessionRow, user: UserRow, actor_email: str) -> None:
    record(
        session,
        AuditEvent.MASQUERADE_ENDED,
        about=Subject("user", user.id),
        tenant_id=user.tenant_id,
        actor_id=row.actor_id,
        actor_email=actor_email,
        user_id=user.id,
        user_email=user.email,
        session_id=row.id,
    )


def _own(principal: Principal, now: datetime) -> ColumnElement[bool]:
    """The sessions that the user has begun in person, as long as they last."""
    return (
        (UserSessionRow.user_id == principal.user_id)
        & UserSessionRow.actor_id.is_(None)
        & UserSessionRow.revoked_at.is_(None)
        & (UserSessionRow.expires_at > now)
        & (UserSessionRow.rotated_at > now - limits_of(principal.role).idle)
    )


def _lasts(row: UserSessionRow, role: Role, now: datetime) -> bool:
    return limits_of(role).end(rotated_at=row.rotated_at, expires_at=row.expires_at) > now
