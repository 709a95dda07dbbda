"""What a user should know, until they have read it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import equals, is_set, was_made
from app.db.pages import Orders, find_page
from app.errors import NotificationNotFound
from app.models.public import NotificationRow
from app.notifications.kinds import NotificationKind, notice_of
from app.notifications.schemas import NotificationFilters

_ORDERS: Orders = {"created_at": NotificationRow.created_at}


def notify(
    session: AsyncSession,
    user_id: UUID,
    kind: NotificationKind,
    data: dict[str, Any],
    *,
    now: datetime,
    is_sandbox: bool = False,
) -> None:
    """Tell a user, with the caller's transaction. Raises ValueError for data that are not of that kind."""
    session.add(
        NotificationRow(
            id=uuid7(),
            user_id=user_id,
            is_sandbox=is_sandbox,
            kind=kind,
            data=notice_of(kind, data).model_dump(mode="json"),
            read_at=None,
            created_at=now,
        )
    )


async def find(session: AsyncSession, user_id: UUID, filters: NotificationFilters) -> Page[NotificationRow]:
    """A page of a user's notifications. Raises CursorInvalid."""
    query = select(NotificationRow).where(
        NotificationRow.user_id == user_id,
        is_set(NotificationRow.read_at, None if filters.unread is None else not filters.unread),
        equals(NotificationRow.kind, filters.kind),
        was_made(filters, NotificationRow.created_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=NotificationRow.id, ids=filters.ids)


async def mark_read(session: AsyncSession, user_id: UUID, notification_id: UUID, *, now: datetime) -> NotificationRow:
    """Note that the user has read it; the first time counts. Raises NotificationNotFound for anybody else's."""
    query = select(NotificationRow).where(NotificationRow.id == notification_id, NotificationRow.user_id == user_id)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise NotificationNotFound(
            "There is no notification {notification_id}.", params={"notification_id": notification_id}
        )
    row.read_at = row.read_at or now
    return row


async def mark_all_read(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Note that the user has read whatever there is."""
    await session.execute(
        update(NotificationRow)
        .where(NotificationRow.user_id == user_id, NotificationRow.read_at.is_(None))
        .values(read_at=now)
    )


def counting_unread(user_id: UUID) -> Select[tuple[int]]:
    """How many the user has not read."""
    unread = (NotificationRow.user_id == user_id, NotificationRow.read_at.is_(None))
    return select(func.count()).select_from(NotificationRow).where(*unread)
