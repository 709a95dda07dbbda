"""The one fetch: all that decides which starts a service has, by one statement however many resources there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Date, DateTime, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from app.scheduling import volume
from app.scheduling.availability import Alignment, Pool, ResourceCalendar, ServiceTerms, reach, rolling_calendar_days
from app.scheduling.opening_hours import Interval, Override, WeeklyRule, expand
from app.subscriptions.limits import BookingQuota

MINUTE = 60
_DAY = timedelta(days=1)

# What the greediest service could ask for, so that one range serves before the service is known.
_GREEDIEST = ServiceTerms(duration=86_400, slot_step=86_400, buffer_before=86_400, buffer_after=86_400)

# Claims travel as two arrays of epoch seconds a resource: thousands of them, and nothing is read faster.
_QUERY = """
SELECT row_to_json(found)::text FROM (SELECT
  (SELECT row_to_json(offered) FROM (
    SELECT name, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_minor, currency,
      slot_step_minutes, alignment, minimum_notice_minutes, booking_window_days, requires_approval,
      approval_ttl_minutes, hold_ttl_minutes, offer_ttl_minutes, capacity, archived_at IS NOT NULL AS is_archived
    FROM services WHERE id = :service_id
  ) offered) AS service,
  (SELECT json_agg(json_build_array(position, resource_id) ORDER BY position, priority, resource_id)
    FROM service_requirements WHERE service_id = :service_id) AS requirements,
  (SELECT json_agg(row_to_json(member)) FROM (
    SELECT r.id, r.timezone,
      (SELECT json_agg(json_build_array(weekday, starts_at_local, ends_at_local) ORDER BY weekday, starts_at_local)
        FROM schedule_rules WHERE resource_id = r.id) AS rules,
      (SELECT json_agg(json_build_array(local_date, windows))
        FROM schedule_overrides
        WHERE resource_id = r.id AND local_date BETWEEN :first_date AND :last_date) AS overrides,
      taken.*
    FROM resources r CROSS JOIN LATERAL (
      SELECT
        array_agg(starts) FILTER (WHERE counts AND is_booking) AS booked_from,
        array_agg(ends) FILTER (WHERE counts AND is_booking) AS booked_until,
        array_agg(starts) FILTER (WHERE counts AND NOT is_booking) AS blocked_from,
        array_agg(ends) FILTER (WHERE counts AND NOT is_booking) AS blocked_until,
        coalesce(bool_or(is_expired), false) AS has_expired
      FROM (
        SELECT date_part('epoch', lower(during))::bigint AS starts, date_part('epoch', upper(during))::bigint AS ends,
          block_id IS NULL AS is_booking, expires_at IS NOT NULL AND expires_at <= :now AS is_expired,
          expires_at IS NULL OR expires_at > :now AS counts
        FROM claims WHERE resource_id = r.id AND during && tstzrange(:busy_from, :busy_until)
      ) claimed
    ) taken
    WHERE r.archived_at IS NULL
      AND r.id IN (SELECT resource_id FROM service_requirements WHERE service_id = :service_id)
  ) member) AS resources,
  (SELECT json_agg(id) FROM resources WHERE id = ANY(:named_ids)) AS named_ids,
  (SELECT json_agg(json_build_array(id, date_part('epoch', start_at)::bigint,
      date_part('epoch', end_at)::bigint, resource_ids, seats - seats_taken + (
      SELECT coalesce(sum(appointments.seats), 0) FROM appointments
      WHERE class_session_id = class_sessions.id AND appointments.status IN ('held', 'pending') AND expires_at <= :now
    )) ORDER BY start_at, id)
    FROM class_sessions
    WHERE service_id = :service_id AND status = 'open' AND start_at BETWEEN :busy_from AND :busy_until) AS sessions,
  EXISTS (SELECT FROM customers WHERE id = :customer_id) AS has_customer{more}
) found
"""
_BINDS = (
    bindparam("service_id", type_=Uuid()),
    bindparam("first_date", type_=Date()),
    bindparam("last_date", type_=Date()),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("busy_from", type_=DateTime(timezone=True)),
    bindparam("busy_until", type_=DateTime(timezone=True)),
    bindparam("named_ids", type_=ARRAY(Uuid())),
    bindparam("customer_id", type_=Uuid()),
)
_FETCH = text(_QUERY.format(more="")).bindparams(*_BINDS)
# What has no limit is not counted.
_FETCH_AND_COUNT = text(_QUERY.format(more=f",\n  ({volume.COUNT}) AS booked_this_month")).bindparams(
    *_BINDS, *volume.BINDS
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A service as it is offered now. Lengths are minutes."""

    name: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    price_minor: int
    currency: str
    slot_step_minutes: int
    alignment: str
    minimum_notice_minutes: int
    booking_window_days: int | None
    requires_approval: bool
    approval_ttl_minutes: int
    hold_ttl_minutes: int
    offer_ttl_minutes: int
    capacity: int
    is_archived: bool

    def terms(self, zone: ZoneInfo, *, now: int) -> ServiceTerms:
        """What it asks of a start; its booking window counts the days of that zone."""
        window = None
        if self.booking_window_days is not None:
            window = (now, rolling_calendar_days(now, self.booking_window_days, zone))
        return ServiceTerms(
            duration=self.duration_minutes * MINUTE,
            slot_step=self.slot_step_minutes * MINUTE,
            alignment=Alignment(self.alignment),
            buffer_before=self.buffer_before_minutes * MINUTE,
            buffer_after=self.buffer_after_minutes * MINUTE,
            minimum_notice=self.minimum_notice_minutes * MINUTE,
            booking_window=window,
        )


class SharedStart(NamedTuple):
    """A session of a class that is open: from when until when, who serves, and how many seats are left."""

    id: UUID
    start: int
    end: int
    resource_ids: tuple[UUID, ...]
    seats_left: int


@dataclass(frozen=True, slots=True)
class Calendars:
    """What was found: nothing of it is decided yet. `requirements` leave archived resources out."""

    offer: Offer | None
    requirements: Sequence[Pool]
    calendars: Mapping[UUID, ResourceCalendar]
    booked_from: Mapping[UUID, Sequence[int]]
    """When each one's appointments and class sessions begin, in no order."""
    sessions: Sequence[SharedStart]
    """The service's own that are open."""
    with_expired: frozenset[UUID]
    """Those with claims of holds that have expired, which are still in the way of an insertion."""
    named_ids: frozenset[UUID]
    """Those of the resources asked for that exist."""
    has_customer: bool
    booked_this_month: int
    """How many bookings count, as far as the quota goes; zero while there is room for certain, and without a quota."""

    @property
    def has_servers(self) -> bool:
        """Whether there is anybody at all to meet each requirement."""
        return bool(self.requirements) and all(self.requirements)


@dataclass(frozen=True, slots=True)
class Question:
    """Whose starts between which instants are wanted, as of when; and what else has to be known about."""

    service_id: UUID
    start_at: datetime
    end_at: datetime
    now: datetime
    named_ids: Sequence[UUID] = ()
    customer_id: UUID | None = None
    quota: BookingQuota | None = None


async def fetch(session: AsyncSession, question: Question) -> Calendars:
    """Everything about the question, in one round trip."""
    span = reach(_GREEDIEST, int(question.start_at.timestamp()), int(question.end_at.timestamp()))
    busy_from, busy_until = (datetime.fromtimestamp(epoch, UTC) for epoch in span)
    parameters = {
        "service_id": question.service_id,
        "first_date": busy_from.date() - 3 * _DAY,  # a window may begin two days before, in a zone that is a day behind
        "last_date": busy_until.date() + 2 * _DAY,
        "now": question.now,
        "busy_from": busy_from,
        "busy_until": busy_until,
        "named_ids": list(question.named_ids),
        "customer_id": question.customer_id,
    }
    statement = _FETCH
    if question.quota is not None:
        statement = _FETCH_AND_COUNT
        parameters |= volume.parameters(question.quota)
    found = orjson.loads((await session.scalars(statement, parameters)).one())
    resources = {UUID(member["id"]): member for member in found["resources"] or ()}
    hours: dict[str, Sequence[Interval]] = {}
    return Calendars(
        offer=Offer(**found["service"]) if found["service"] else None,
        requirements=list(_pools(found["requirements"] or (), resources)),
        calendars={id_: _calendar(member, span, hours) for id_, member in resources.items()},
        booked_from={id_: member["booked_from"] or () for id_, member in resources.items()},
        sessions=[_shared(*each) for each in found["sessions"] or ()],
        with_expired=frozenset(id_ for id_, member in resources.items() if member["has_expired"]),
        named_ids=frozenset(map(UUID, found["named_ids"] or ())),
        has_customer=found["has_customer"],
        booked_this_month=found.get("booked_this_month", 0),
    )


def _shared(session_id: str, start: int, end: int, resource_ids: Sequence[str], seats_left: int) -> SharedStart:
    return SharedStart(UUID(session_id), start, end, tuple(map(UUID, resource_ids)), seats_left)


def _pools(rows: Sequence[tuple[int, str]], active: Mapping[UUID, Any]) -> Iterator[Pool]:
    pools: dict[int, list[UUID]] = {}
    for position, resource_id in rows:
        pool = pools.setdefault(position, [])
        member = UUID(resource_id)
        if member in active:
            pool.append(member)
    yield from pools.values()


def _calendar(member: dict[str, Any], span: Interval, known_hours: dict[str, Sequence[Interval]]) -> ResourceCalendar:
    zone = ZoneInfo(member["timezone"])
    written = str((member["timezone"], member["rules"], member["overrides"]))
    if written not in known_hours:  # staff share their hours, and nothing here takes longer than to expand them
        known_hours[written] = _hours(member, zone, span)
    starts = [*(member["booked_from"] or ()), *(member["blocked_from"] or ())]
    ends = [*(member["booked_until"] or ()), *(member["blocked_until"] or ())]
    return ResourceCalendar(zone, known_hours[written], sorted(zip(starts, ends, strict=True)))


def _hours(member: dict[str, Any], zone: ZoneInfo, span: Interval) -> list[Interval]:
    rules = [
        WeeklyRule(weekday, time.fromisoformat(start), time.fromisoformat(end))
        for weekday, start, end in member["rules"] or ()
    ]
    overrides = [
        Override(date.fromisoformat(day), tuple(_window(window) for window in windows))
        for day, windows in member["overrides"] or ()
    ]
    return expand(rules, overrides, zone, *span)


def _window(window: dict[str, str]) -> tuple[time, time]:
    return time.fromisoformat(window["start"]), time.fromisoformat(window["end"])
