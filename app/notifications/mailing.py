"""Notifications by mail: what nobody has read by the time that was chosen, in one mail for each user."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.mail.messages import NotificationDigest
from app.mail.outbox import Mail, send
from app.models.public import NotificationRow, UserRow
from app.notifications.choices import DEFAULTS, EmailChoice, choice_of, find_documents
from app.notifications.schemas import NotificationRead
from app.tenancy.mode import Mode

_MOST_SHOWN = 20  # in one mail
_log = logging.getLogger(__name__)


async def send_due(session: AsyncSession, keyring: Keyring, *, now: datetime, most: int) -> None:
    """Mail what is due, unread and still wanted, to so many users, who has waited longest first: each one mail.

    Each is mailed once. Whatever ails one user's, the others get theirs.
    """
    waiting = await _claim(session, now=now, most=most)
    users = await _find_users(session, waiting)
    documents = await find_documents(session, waiting)
    for user_id, rows in waiting.items():
        wanted = [row for row in rows if row.read_at is None and _is_wanted(row, documents.get(user_id, {}))]
        user = users.get(user_id)
        if not wanted or user is None:
            continue
        try:
            async with session.begin_nested():
                mail = Mail(user.email, user.name, _digest(wanted), user.tenant_id, Mode.LIVE)
                await send(session, keyring, mail, now=now)
        except Exception:  # noqa: BLE001 — as promised
            _log.exception("the notifications of %s could not be mailed", user_id)


async def _claim(session: AsyncSession, *, now: datetime, most: int) -> dict[UUID, list[NotificationRow]]:
    """All that is due of the users who have waited longest, for nobody to mail again."""
    row = NotificationRow
    due = select(row.user_id).where(row.mail_at <= now).group_by(row.user_id)
    users = (await session.scalars(due.order_by(func.min(row.mail_at), row.user_id).limit(most))).all()
    if not users:
        return {}
    theirs = select(row).where(row.user_id.in_(users), row.mail_at <= now).order_by(row.created_at, row.id)
    claimed: dict[UUID, list[NotificationRow]] = {user_id: [] for user_id in users}
    for each in await session.scalars(theirs.with_for_update(skip_locked=True)):
        claimed[each.user_id].append(each)
    ids = [each.id for rows in claimed.values() for each in rows]
    done = update(row).where(row.id.in_(ids)).values(mail_at=None)
    await session.execute(done.execution_options(synchronize_session=False))
    return claimed


async def _find_users(session: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """Those of them who can still log in."""
    query = select(UserRow).where(UserRow.id.in_(list(user_ids)), UserRow.is_active)
    return {user.id: user for user in await session.scalars(query)}


def _is_wanted(row: NotificationRow, document: Mapping[str, Any]) -> bool:
    """Whether its user has not changed their mind since."""
    kind = next((each for each in DEFAULTS if each == row.kind), None)
    return kind is None or choice_of(document, kind).email is not EmailChoice.NEVER


def _digest(rows: Sequence[NotificationRow]) -> NotificationDigest:
    read = [NotificationRead.of(row) for row in rows]
    lines = tuple(each.text for each in read[:_MOST_SHOWN])
    return NotificationDigest(title=read[0].title, lines=lines, more=len(read) - len(lines))
