"""Shutting users out and letting them in again. Nobody is ever deleted: what they did keeps its author."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth import lending, one_time_codes, session_list
from app.auth.one_time_codes import Purpose
from app.auth.tags import user_tag
from app.db.invalidation import announce
from app.models.public import UserRow
from app.people.ranks import STAFF, keeper_of
from app.people.refusals import require_another_keeper
from app.subscriptions.limits import require_staff_room


async def deactivate(session: AsyncSession, user: UserRow, people: dict[UUID, UserRow], *, now: datetime) -> None:
    """Shut a user out at once: sessions, API tokens, links in mails and what was lent end, and do not come back.

    `people` are those whom `lock_with_keepers` has locked. Raises LastOwner.
    """
    if user.role == keeper_of(platform=user.tenant_id is None):
        require_another_keeper(people, user)
    user.is_active = False
    user.updated_at = now
    await session_list.end_all(session, user.id, now=now)
    await one_time_codes.withdraw(session, user.id, *Purpose)
    await lending.end_lost(session, user, now=now)
    _note(session, user, AuditEvent.USER_DEACTIVATED)


async def reactivate(session: AsyncSession, user: UserRow, *, now: datetime) -> None:
    """Let a user log in again, as far as the business's subscription has room. Raises TierLimit."""
    if user.tenant_id is not None and user.role in STAFF:
        await require_staff_room(session, user.tenant_id, now=now)
    user.is_active = True
    user.updated_at = now
    _note(session, user, AuditEvent.USER_REACTIVATED)


def _note(session: AsyncSession, user: UserRow, event: AuditEvent) -> None:
    announce(session, user_tag(user.id))
    record(
        session,
        event,
        tenant_id=user.tenant_id,
        about=Subject("user", user.id),
        diff=changed({"is_active": not user.is_active}, {"is_active": user.is_active}),
    )
