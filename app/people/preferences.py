"""What users have set for themselves."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.schemas import Locale
from app.errors import RevisionStale
from app.models.public import UserPreferencesRow
from app.notifications.choices import choice_of
from app.people.preference_schemas import (
    CalendarView,
    ChosenKind,
    EffectiveCalendar,
    EffectiveNotification,
    EffectivePreferences,
    Preferences,
    Theme,
    TimeFormat,
)
from app.tenancy.tenant import Tenant

_SLOT_MINUTES = 30
_MONDAY = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A user's document, and how often it has been written."""

    document: Preferences
    revision: int

    @property
    def etag(self) -> str:
        """The entity tag of the document as it is."""
        return f'"{self.revision}"'


async def get(session: AsyncSession, user_id: UUID) -> Kept:
    """The user's document; an empty one of revision 0 if they have written none."""
    row = await session.get(UserPreferencesRow, user_id)
    return Kept(Preferences.model_validate(row.document), row.revision) if row else Kept(Preferences(), 0)


async def put(
    session: AsyncSession, user_id: UUID, document: Preferences, expected: Collection[str] | None, *, now: datetime
) -> Kept:
    """Write the document as a whole, if its entity tag is one of those expected.

    Where there is one already, some have to be expected. Raises RevisionStale.
    """
    query = select(UserPreferencesRow.revision).where(UserPreferencesRow.user_id == user_id).with_for_update()
    revision = (await session.scalars(query)).one_or_none()
    if revision is not None and expected is None:
        raise RevisionStale("There are preferences already: read them, and send their `ETag` in `If-Match`.")
    if expected is not None and f'"{revision or 0}"' not in expected:
        raise RevisionStale
    written = Kept(document, (revision or 0) + 1)
    values = {"document": document.model_dump(mode="json", exclude_none=True), "revision": written.revision}
    statement = (
        insert(UserPreferencesRow)
        .values(user_id=user_id, updated_at=now, **values)
        .on_conflict_do_update(
            index_elements=["user_id"],
            set_=values | {"updated_at": now},
            where=UserPreferencesRow.revision == (revision or 0),
        )
        .returning(UserPreferencesRow.revision)
    )
    if (await session.scalars(statement)).one_or_none() is None:  # somebody else's first one came in between
        raise RevisionStale
    return written


def effective(document: Preferences, tenant: Tenant | None) -> EffectivePreferences:
    """What holds: the user's own choice, else that of their business, else the default."""
    calendar = document.calendar
    return EffectivePreferences(
        locale=document.locale or (Locale(tenant.locale) if tenant else Locale.EN),
        timezone=document.timezone or (tenant.timezone if tenant else "UTC"),
        first_weekday=document.first_weekday or (tenant.first_weekday if tenant else _MONDAY),
        time_format=document.time_format or TimeFormat.TWENTY_FOUR_HOURS,
        theme=document.theme or Theme.SYSTEM,
        calendar=EffectiveCalendar(
            view=calendar.view or CalendarView.WEEK,
            slot_minutes=calendar.slot_minutes or _SLOT_MINUTES,
            shown_resource_ids=calendar.shown_resource_ids,
        ),
        notifications={
            kind: EffectiveNotification.model_validate(choice_of(document.model_dump(exclude_none=True), kind))
            for kind in get_args(ChosenKind)
        },
    )
