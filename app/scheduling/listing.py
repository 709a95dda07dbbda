"""The list of appointments: the busiest read, so the database writes its JSON and nothing is done per row here."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from app.core.pagination import MAX_LIMIT, MOST_COUNTED, capped
from app.db.connection import ScopedConnection
from app.scheduling.documents import columns_of, whole
from app.scheduling.expansion import WRITTEN
from app.scheduling.ranges import check_order
from app.scheduling.schemas.appointments import AppointmentFilters, AppointmentRead, Expansion

# `lifecycle.status_at` in SQL: what is past its time counts as expired, though the sweep has not come by yet.
_STATUS = "CASE WHEN status IN ('held', 'pending') AND expires_at <= {now} THEN 'expired' ELSE status END"

# What each filter asks for, if it is used.
_CONDITIONS = {
    "start": "start_at >= {start}",
    "end": "start_at < {end}",
    "customer_id": "customer_id = {customer_id}",
    "service_id": "service_id = {service_id}",
    "class_session_id": "class_session_id = {class_session_id}",
    "resource_id": "resource_ids @> ARRAY[{resource_id}::uuid]",
    "statuses": f"{_STATUS} = ANY({{statuses}})",
    "ids": "id = ANY({ids}::uuid[])",
    "created_since": "created_at >= {created_since}",
    "created_until": "created_at < {created_until}",
    "updated_since": "updated_at >= {updated_since}",
    "after_id": "({key}, id) {beyond} ({after_key}, {after_id})",
}

_COLUMNS = columns_of(
    AppointmentRead,
    status=_STATUS,
    start=whole("start_at"),
    end=whole("end_at"),
    **{each: f"{{{each}}}" for each in Expansion},
)
_DOCUMENTS = f"""
SELECT row_to_json(listed)::text FROM (
  SELECT {_COLUMNS}
  FROM appointments WHERE {{conditions}} ORDER BY {{key}} {{direction}}, id {{direction}} LIMIT {{limit}}
) listed
"""  # noqa: S608 — nothing in it comes from outside # nosec B608

_COUNT = f"SELECT count(*) FROM (SELECT FROM appointments WHERE {{conditions}} LIMIT {MOST_COUNTED + 1}) counted"  # noqa: S608 — likewise # nosec B608

# What can be sorted by: columns, qualified because some share their names with texts that come out.
_ORDERS = {
    "start": "appointments.start_at",
    "created_at": "appointments.created_at",
    "updated_at": "appointments.updated_at",
}
_KEPT = 1000  # statements: nobody fills the memory by asking for every set of filters


async def find(
    snapshot: AbstractAsyncContextManager[ScopedConnection],
    filters: AppointmentFilters,
    expand: Collection[Expansion],
    *,
    now: datetime,
) -> bytes:
    """A page of appointments, each with what is to be shown with it, as the JSON of a `PageRead[AppointmentRead]`.

    Raises CursorInvalid, and ValidationFailed for an end before the start.
    """
    check_order(filters.start, filters.end)
    limit = MAX_LIMIT if filters.ids else filters.limit
    asked = _asked(filters, now)
    values = asked | {"now": now, "limit": limit + 1} | _after(filters)
    total, is_capped = None, False
    statement = _statement(tuple(values), filters.order, frozenset(expand), descending=filters.is_descending)
    async with snapshot as connection:
        rows = await connection.fetch(statement, *values.values())
        if filters.count:
            ((count,),) = await connection.fetch(_count(tuple(asked)), *asked.values())
            total, is_capped = capped(count)
    documents: list[str] = [row[0] for row in rows]
    items = documents[:limit]
    cursor = _cursor(filters, items[-1]) if len(documents) > limit else None
    rest = orjson.dumps({"next_cursor": cursor, "total": total, "total_is_capped": is_capped})
    return b'{"items":[%b],%b' % (",".join(items).encode(), rest[1:])


def _asked(filters: AppointmentFilters, now: datetime) -> dict[str, Any]:
    """The parameters of the filters that are used."""
    values = {
        "start": filters.start,
        "end": filters.end,
        "customer_id": filters.customer_id,
        "service_id": filters.service_id,
        "class_session_id": filters.class_session_id,
        "resource_id": filters.resource_id,
        "statuses": filters.status or None,
        "now": now if filters.status else None,
        "ids": filters.ids or None,
        "created_since": filters.created_since,
        "created_until": filters.created_until,
        "updated_since": filters.updated_since,
    }
    return {name: value for name, value in values.items() if value is not None}


def _after(filters: AppointmentFilters) -> dict[str, Any]:
    after = filters.after(datetime, UUID)
    return {} if after is None else {"after_key": after[0], "after_id": after[1]}


def _cursor(filters: AppointmentFilters, last: str) -> str:
    item = orjson.loads(last)
    return filters.cursor_at(item[filters.order], item["id"])


@lru_cache(_KEPT)
def _statement(names: tuple[str, ...], order: str, expand: frozenset[Expansion], *, descending: bool) -> str:
    """The statement for these parameters, in this order: one for each way of asking, made once."""
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    shown = {each.value: WRITTEN[each] if each in expand else "NULL" for each in Expansion}
    text = _DOCUMENTS.replace("{conditions}", _conditions(names))
    return text.format(key=_ORDERS[order], direction=direction, beyond=beyond, **shown, **_places(names))


@lru_cache(_KEPT)
def _count(names: tuple[str, ...]) -> str:
    """The statement that counts what fits these parameters, and one more than is told at most."""
    return _COUNT.replace("{conditions}", _conditions(names)).format(**_places(names))


def _conditions(names: tuple[str, ...]) -> str:
    return " AND ".join(_CONDITIONS[name] for name in names if name in _CONDITIONS) or "true"


def _places(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"${place}" for place, name in enumerate(names, start=1)}
