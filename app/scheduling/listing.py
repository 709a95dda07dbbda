"""The list of appointments: the busiest read, so the database writes its JSON and nothing is done per row here."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import DateTime, Integer, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from app.core.pagination import PageRequest, encode_cursor
from app.core.schemas import Instant
from app.errors import FieldError, ValidationFailed
from app.scheduling.lifecycle import Status
from app.scheduling.schemas.appointments import AppointmentFilters

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)

# An appointment past its time counts as expired, though the sweep has not come by yet.
_IS_EXPIRED = "(status IN ('held', 'pending') AND expires_at <= :now)"

# What each filter asks for, if it is used.
_CONDITIONS = {
    "start": "start_at >= :start",
    "end": "start_at < :end",
    "customer_id": "customer_id = :customer_id",
    "service_id": "service_id = :service_id",
    "resource_id": "resource_ids @> ARRAY[:resource_id]",
    "statuses": f"CASE WHEN {_IS_EXPIRED} THEN 'expired' ELSE status END = ANY(:statuses)",
    "after_id": "(start_at, id) > (:after_start, :after_id)",
}
_TYPES: dict[str, TypeEngine[Any]] = {
    "now": DateTime(timezone=True),
    "limit": Integer(),
    "start": DateTime(timezone=True),
    "end": DateTime(timezone=True),
    "customer_id": Uuid(),
    "service_id": Uuid(),
    "resource_id": Uuid(),
    "statuses": ARRAY(Text()),
    "after_start": DateTime(timezone=True),
    "after_id": Uuid(),
}


def _written(instant: str) -> str:
    """An instant as Pydantic writes it: in UTC, with microseconds only where there are any."""
    return f"""replace(to_char(timezone('UTC', {instant}), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')"""


def _whole(instant: str) -> str:
    """Likewise, of one that is always a whole second."""
    return f"""to_char(timezone('UTC', {instant}), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


_DOCUMENTS = f"""
SELECT row_to_json(listed)::text FROM (
  SELECT id, CASE WHEN {_IS_EXPIRED} THEN 'expired' ELSE status END AS status, service_id, customer_id, resource_ids,
    {_whole("start_at")} AS start, {_whole("end_at")} AS "end", timezone, price_minor, currency, notes, source,
    {_written("expires_at")} AS expires_at, {_written("cancelled_at")} AS cancelled_at, cancelled_by, cancel_reason,
    rescheduled_from_id, rescheduled_to_id, ics_uid, ics_sequence, revision,
    {_written("created_at")} AS created_at, {_written("updated_at")} AS updated_at
  FROM appointments WHERE %s ORDER BY start_at, id LIMIT :limit
) listed
"""  # noqa: S608 — nothing in it comes from outside


async def find(session: AsyncSession, filters: AppointmentFilters, page: PageRequest, *, now: datetime) -> bytes:
    """A page of appointments by start, as the JSON of a `PageRead[AppointmentRead]`.

    Raises CursorInvalid, and ValidationFailed for an end before the start.
    """
    if filters.start is not None and filters.end is not None and filters.end <= filters.start:
        raise ValidationFailed(errors=[FieldError("end", "must be after the start")])
    values = _values(filters, page, now)
    documents = (await session.scalars(_statement(tuple(values)), values)).all()
    items = documents[: page.limit]
    cursor = None
    if len(documents) > page.limit:
        last = orjson.loads(items[-1])
        cursor = encode_cursor(last["start"], last["id"])
    return f'{{"items":[{",".join(items)}],"next_cursor":{orjson.dumps(cursor).decode()}}}'.encode()


def _values(filters: AppointmentFilters, page: PageRequest, now: datetime) -> dict[str, Any]:
    """The parameters of the statement; those of filters that are not used are left out."""
    after = page.after(_position)
    after_start, after_id = after if after is not None else (None, None)
    values = {
        "now": now,
        "limit": page.limit + 1,
        "start": filters.start,
        "end": filters.end,
        "customer_id": filters.customer_id,
        "service_id": filters.service_id,
        "resource_id": filters.resource_id,
        "statuses": [Status(status).value for status in filters.statuses] or None,
        "after_start": after_start,
        "after_id": after_id,
    }
    return {name: value for name, value in values.items() if value is not None}


@cache
def _statement(names: tuple[str, ...]) -> TextClause:
    """The statement for these parameters: one for each set of filters, made once."""
    conditions = " AND ".join(_CONDITIONS[name] for name in names if name in _CONDITIONS)
    parameters = (bindparam(name, type_=_TYPES[name]) for name in names)
    return text(_DOCUMENTS % (conditions or "true")).bindparams(*parameters)


def _position(values: list[str]) -> tuple[datetime, UUID]:
    start_at, appointment_id = values
    return _INSTANT.validate_python(start_at), UUID(appointment_id)
