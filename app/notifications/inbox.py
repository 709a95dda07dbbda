"""What a user should know, until they have read it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core.ids import first_uuid7, uuid7
from app.core.pagination import Page
from app.db.conditions import equals, is_set, was_made
from app.db.pages import Orders, find_page
from app.errors import NotificationNotFound
from app.integrations.calls import call_at_commit
from app.models.public import NotificationRow
from app.notifications import choices
from app.notifications.choices import EmailChoice
from app.notifications.kinds import Notice, NotificationKind, notice_of
from app.notifications.schemas import NotificationFilters
from app.tenancy.mode import Mode

BURST = timedelta(hours=1)
"""For how long what happens again is the same notification."""

_ORDERS: Orders = {"created_at": NotificationRow.created_at}


@dataclass(frozen=True, slots=True)
class News:
    """Something of a kind that users choose about. `timezone` is the business's: the daily mail goes by its morning."""

    kind: NotificationKind
    data: dict[str, Any]
    timezone: str = "UTC"
    is_sandbox: bool = False


def channel_of(user_id: UUID, *, is_sandbox: bool) -> str:
    """Where whoever watches a user's notifications is called, whenever one was written or read."""
    return f"notifications:{user_id}:{Mode.SANDBOX if is_sandbox else Mode.LIVE}"


def notify(
    session: AsyncSession,
    user_id: UUID,
    kind: NotificationKind,
    data: dict[str, Any],
    *,
    now: datetime,
    is_sandbox: bool = False,
) -> None:
    """Tell a user, whatever they choose, with the caller's transaction.

    Raises ValueError for data that are not of that kind.
    """
    session.add(_row_of(user_id, kind, notice_of(kind, data), now=now, is_sandbox=is_sandbox))
    call_at_commit(session, channel_of(user_id, is_sandbox=is_sandbox))


async def tell(
    session: AsyncSession, user_ids: Collection[UUID], news: News, *, now: datetime, is_mailed: bool = False
) -> set[UUID]:
    """Tell users as they have chosen, with the caller's transaction; those who want it mailed at once.

    To them it is mailed from here in a few minutes, unless they have read it by then or the caller does it
    (`is_mailed`). A burst about the same thing is one notification, which counts. Raises ValueError for data that are
    not of that kind, and KeyError for a kind that nobody chooses about.
    """
    notice = notice_of(news.kind, news.data)
    chosen = await choices.find(session, user_ids, news.kind)
    running = await _find_running(session, user_ids, news, notice, now=now)
    for user_id, choice in chosen.items():
        is_left_to_caller = is_mailed and choice.email is EmailChoice.AT_ONCE
        mail_at = None if is_left_to_caller or news.is_sandbox else choice.mail_at(now, news.timezone)
        if not choice.in_app and mail_at is None:
            continue
        row = running.get(user_id)
        if row is None:
            row = _row_of(user_id, news.kind, notice, now=now, is_sandbox=news.is_sandbox)
            session.add(row)
        else:
            row.data, row.count, row.created_at = notice.model_dump(mode="json"), row.count + 1, now
        row.is_in_app = (user_id in running and row.is_in_app) or choice.in_app  # what is shown stays there
        call_at_commit(session, channel_of(user_id, is_sandbox=news.is_sandbox))
        row.mail_at = min(filter(None, (row.mail_at, mail_at)), default=None)
    return {user_id for user_id, choice in chosen.items() if choice.email is EmailChoice.AT_ONCE}


async def _find_running(
    session: AsyncSession, user_ids: Collection[UUID], news: News, notice: Notice, *, now: datetime
) -> dict[UUID, NotificationRow]:
    """The bursts that go on: what is about the same, unread and not long ago, by whose it is."""
    row = NotificationRow
    if notice.group() is None or not user_ids:
        return {}
    query = select(row).where(
        row.user_id.in_(user_ids),
        row.read_at.is_(None),
        row.kind == news.kind,
        row.group_key == notice.group(),
        row.is_sandbox == news.is_sandbox,
        row.created_at > now - BURST,
    )
    found = await session.scalars(query.order_by(row.user_id, row.id).with_for_update())
    return {each.user_id: each for each in found}


def _row_of(
    user_id: UUID, kind: NotificationKind, notice: Notice, *, now: datetime, is_sandbox: bool
) -> NotificationRow:
    return NotificationRow(
        id=uuid7(),
        user_id=user_id,
        is_sandbox=is_sandbox,
        kind=kind,
        data=notice.model_dump(mode="json"),
        read_at=None,
        created_at=now,
        group_key=notice.group(),
        count=1,
        is_in_app=True,
        mail_at=None,
    )


async def find(session: AsyncSession, user_id: UUID, filters: NotificationFilters) -> Page[NotificationRow]:
    """A page of a user's notifications. Raises CursorInvalid."""
    query = select(NotificationRow).where(
        NotificationRow.user_id == user_id,
        NotificationRow.is_in_app,
        is_set(NotificationRow.read_at, None if filters.unread is None else not filters.unread),
        equals(NotificationRow.kind, filters.kind),
        was_made(filters, NotificationRow.created_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=NotificationRow.id, ids=filters.ids)


async def mark_read(session: AsyncSession, user_id: UUID, notification_id: UUID, *, now: datetime) -> NotificationRow:
    """Note that the user has read it; the first time counts. Raises NotificationNotFound for anybody else's.

    What has happened again meanwhile they have not read.
    """
    query = select(NotificationRow).where(NotificationRow.id == notification_id, NotificationRow.user_id == user_id)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise NotificationNotFound(
            "There is no notification {notification_id}.", params={"notification_id": notification_id}
        )
    known = row.count
    await session.refresh(row, with_for_update=True)
    if row.count == known:
        row.read_at = row.read_at or now
    call_at_commit(session, channel_of(user_id, is_sandbox=row.is_sandbox))
    return row


async def mark_all_read(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Note that the user has read whatever there is; not what happens again meanwhile."""
    row, known = NotificationRow, aliased(NotificationRow)
    await session.execute(
        update(row)
        .where(
            row.user_id == user_id,
            row.read_at.is_(None),
            row.is_in_app,
            row.id == known.id,
            row.count == known.count,  # looked at again, should the row have changed while it was waited for
        )
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
    for is_sandbox in (False, True):
        call_at_commit(session, channel_of(user_id, is_sandbox=is_sandbox))


async def count_unread(session: AsyncSession, user_ids: Collection[UUID], *, is_sandbox: bool) -> dict[UUID, int]:
    """How many each of these users has not read in a mode."""
    row = NotificationRow
    unread = (row.user_id.in_(user_ids), row.is_sandbox == is_sandbox, row.read_at.is_(None), row.is_in_app)
    query = select(row.user_id, func.count()).where(*unread).group_by(row.user_id)
    return dict.fromkeys(user_ids, 0) | dict((await session.execute(query)).tuples().all())


async def find_since(
    session: AsyncSession, user_ids: Collection[UUID], since: datetime, *, is_sandbox: bool, most: int
) -> Sequence[NotificationRow]:
    """What these users were told in a mode since that instant, bursts that have gone on too; by their ids."""
    row = NotificationRow
    query = select(row).where(
        row.user_id.in_(user_ids),
        row.is_sandbox == is_sandbox,
        row.is_in_app,
        or_(row.id >= first_uuid7(since), row.created_at >= since),
    )
    return (await session.scalars(query.order_by(row.id).limit(most))).all()


def counting_unread(user_id: UUID) -> Select[tuple[int]]:
    """How many the user has not read."""
    unread = (NotificationRow.user_id == user_id, NotificationRow.read_at.is_(None), NotificationRow.is_in_app)
    return select(func.count()).select_from(NotificationRow).where(*unread)
