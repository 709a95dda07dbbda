"""Notifications by mail: what nobody has read by the time that was chosen, in one mail for each user."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.mail.messages import NotificationDigest
from app.mail.outbox import Mail, send
from app.models.public import NotificationRow, UserRow
from app.notifications.schemas import NotificationRead
from app.tenancy.mode import Mode

_MOST_SHOWN = 20  # in one mail


async def send_due(session: AsyncSession, keyring: Keyring, *, now: datetime, most: int) -> None:
    """Mail what is due and unread: a user's share of it in one mail. Each is mailed once."""
    row = NotificationRow
    due = select(row).where(row.mail_at <= now).order_by(row.user_id, row.created_at, row.id)
    found = (await session.scalars(due.limit(most).with_for_update(skip_locked=True))).all()
    if not found:
        return
    await session.execute(
        update(row)
        .where(row.id.in_([each.id for each in found]))
        .values(mail_at=None)
        .execution_options(synchronize_session=False)
    )
    unread = [each for each in found if each.read_at is None]
    users = await _find_users(session, {each.user_id for each in unread})
    for user_id, theirs in groupby(unread, key=lambda each: each.user_id):
        user = users.get(user_id)
        if user is not None:
            mail = Mail(user.email, user.name, _digest(theirs), user.tenant_id, Mode.LIVE)
            await send(session, keyring, mail, now=now)


async def _find_users(session: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """Those of them who can still log in."""
    query = select(UserRow).where(UserRow.id.in_(list(user_ids)), UserRow.is_active)
    return {user.id: user for user in await session.scalars(query)}


def _digest(rows: Iterable[NotificationRow]) -> NotificationDigest:
    read: Sequence[NotificationRead] = [NotificationRead.of(row) for row in rows]
    lines = tuple(each.text for each in read[:_MOST_SHOWN])
    return NotificationDigest(title=read[0].title, lines=lines, more=len(read) - len(lines))
