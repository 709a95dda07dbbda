"""The list of appointments: the busiest read, so the database writes its JSON and nothing is done per row here."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import cache
from typing import Any

import orjson

from app.core.pagination import PageRequest, encode_cursor
from app.db.connection import ScopedConnection
from app.scheduling.ranges import check_order, start_position
from app.scheduling.schemas.appointments import AppointmentFilters

# `lifecycle.status_at` in SQL: what is past its time counts as expired, though the sweep has not come by yet.
_IS_EXPIRED = "(status IN ('held', 'pending') AND expires_at <= {now})"

# What each filter asks for, if it is used.
_CONDITIONS = {
    "start": "start_at >= {start}",
    "end": "start_at < {end}",
    "customer_id": "customer_id = {customer_id}",
    "service_id": "service_id = {service_id}",
    "resource_id": "resource_ids @> ARRAY[{resource_id}::uuid]",
    "statuses": f"CASE WHEN {_IS_EXPIRED} THEN 'expired' ELSE status END = ANY({{statuses}})",
    "after_id": "(start_at, id) > ({after_start}, {after_id})",
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
  FROM appointments WHERE {{conditions}} ORDER BY start_at, id LIMIT {{limit}}
) listed
"""  # noqa: S608 — nothing in it comes from outside # nosec B608


async def find(
    snapshot: AbstractAsyncContextManager[ScopedConnection], filters: AppointmentFilters, *, now: datetime
) -> bytes:
    """A page of appointments by start, as the JSON of a `PageRead[AppointmentRead]`.

    Raises CursorInvalid, and ValidationFailed for an end before the start.
    """
    check_order(filters.start, filters.end)
    values = _values(filters, now)
    async with snapshot as connection:
        rows = await connection.fetch(_statement(tuple(values)), *values.values())
    documents: list[str] = [row[0] for row in rows]
    items = documents[: filters.limit]
    cursor = None
    if len(documents) > filters.limit:
        last = orjson.loads(items[-1])
        cursor = encode_cursor(last["start"], last["id"])
    return f'{{"items":[{",".join(items)}],"next_cursor":{orjson.dumps(cursor).decode()}}}'.encode()


def _values(filters: AppointmentFilters, now: datetime) -> dict[str, Any]:
    """The parameters of the statement; those of filters that are not used are left out."""
    after = PageRequest(filters.limit, filters.cursor).after(start_position)
    after_start, after_id = after if after is not None else (None, None)
    values = {
        "now": now,
        "limit": filters.limit + 1,
        "start": filters.start,
        "end": filters.end,
        "customer_id": filters.customer_id,
        "service_id": filters.service_id,
        "resource_id": filters.resource_id,
        "statuses": filters.status or None,
        "after_start": after_start,
        "after_id": after_id,
    }
    return {name: value for name, value in values.items() if value is not None}


@cache
def _statement(names: tuple[str, ...]) -> str:
    """The statement for these parameters, in this order: one for each set of filters, made once."""
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    conditions = " AND ".join(_CONDITIONS[name] for name in names if name in _CONDITIONS) or "true"
    return _DOCUMENTS.replace("{conditions}", conditions).format(**places)
