"""Which notifications a user wants, and by which way: shown among the others, mailed at once, or once a day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.schemas import RequestModel
from app.models.public import UserPreferencesRow
from app.notifications.kinds import NotificationKind

DIGEST_TIME = time(8)
"""When the day's mail goes out, where the user is."""


class EmailChoice(StrEnum):
    AT_ONCE = "at_once"
    DIGEST = "digest"
    NEVER = "never"


class NotificationChoice(RequestModel):
    """How a user hears of one kind. What is null follows the default."""

    in_app: bool | None = None
    """Whether it is shown among the notifications, and counted."""
    email: EmailChoice | None = None
    """Whether it is mailed: `at_once` (unless it was read within minutes), in a daily `digest`, or `never`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds for a user: the own choice, else the default."""

    in_app: bool
    email: EmailChoice
    timezone: str | None = None
    """Where the user is, if they have said."""

    def mail_at(self, now: datetime, timezone: str) -> datetime | None:
        """When it is to be mailed; `timezone` is for who has not said where they are."""
        if self.email is EmailChoice.NEVER:
            return None
        if self.email is EmailChoice.AT_ONCE:
            return now + AT_ONCE_AFTER
        local = now.astimezone(ZoneInfo(self.timezone or timezone))
        day = local.date() if local.time() < DIGEST_TIME else local.date() + timedelta(days=1)
        return datetime.combine(day, DIGEST_TIME, local.tzinfo)


AT_ONCE_AFTER = timedelta(minutes=2)
"""Whoever reads it meanwhile is spared the mail, and a burst is one."""

_WANTED = Choice(in_app=True, email=EmailChoice.AT_ONCE)
DEFAULTS: Mapping[NotificationKind, Choice] = {
    NotificationKind.TICKET_ASSIGNED: _WANTED,
    NotificationKind.TICKET_NEWS: _WANTED,
    NotificationKind.TICKET_OVERDUE: _WANTED,
    NotificationKind.DOMAIN_CHANGED: _WANTED,
    NotificationKind.PLATFORM_TICKET_REPLIED: _WANTED,
    NotificationKind.SUPPORT_TICKET: _WANTED,
}
"""The kinds that users choose about. Of all others everybody hears: they are about somebody's access, or end something.
"""


async def find(session: AsyncSession, user_ids: Collection[UUID], kind: NotificationKind) -> dict[UUID, Choice]:
    """What each of the users wants of a kind that they choose about."""
    documents = await find_documents(session, user_ids)
    return {user_id: choice_of(documents.get(user_id, {}), kind) for user_id in user_ids}


async def find_documents(session: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The preferences of those of the users who have any."""
    row = UserPreferencesRow
    query = select(row.user_id, row.document).where(row.user_id.in_(user_ids))
    return dict((await session.execute(query)).tuples().all())


def choice_of(document: Mapping[str, Any], kind: NotificationKind) -> Choice:
    """What somebody with these preferences wants."""
    own = NotificationChoice.model_validate(document.get("notifications", {}).get(kind, {}))
    default = DEFAULTS[kind]
    in_app = default.in_app if own.in_app is None else own.in_app
    return Choice(in_app, own.email or default.email, document.get("timezone"))
