"""Pages of what a query finds, in the order that was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.pagination import MAX_LIMIT, MOST_COUNTED, Page, PageRequest, capped
from app.db.conditions import Column, is_among

Row = TypeVar("Row")
Orders = Mapping[str, Column]
"""What a list can be sorted by: a name, and the column (never null) that it stands for."""


async def find_page(
    session: AsyncSession,
    query: Select[tuple[Row]],
    page: PageRequest,
    orders: Orders,
    *,
    by: InstrumentedAttribute[Any],
    ids: Sequence[object] = (),
) -> Page[Row]:
    """A page of what the query finds. `by` is the rows' id, which decides where the order leaves open what comes first.

    With `ids` it holds all of these that the query finds, whatever the limit. Raises CursorInvalid.
    """
    column = orders[page.order]
    keys = (column,) if column is by else (column, by)
    limit = MAX_LIMIT if ids else page.limit
    query = query.where(is_among(by, ids))
    total, is_capped = await _count(session, query.with_only_columns(by)) if page.count else (None, False)
    found = (await session.execute(_continued(query, page, keys).limit(limit + 1))).all()
    shown = found[:limit]
    cursor = page.cursor_at(*shown[-1][1:]) if len(found) > limit else None
    return Page([row[0] for row in shown], cursor, total, is_capped)


def _continued(query: Select[tuple[Row]], page: PageRequest, keys: Sequence[Column]) -> Select[Any]:
    """What comes after the cursor, in order, each row with its sort values."""
    after = page.after(*(key.type.python_type for key in keys))
    wanted = query.add_columns(*keys).order_by(*(key.desc() if page.is_descending else key.asc() for key in keys))
    if after is None:
        return wanted
    place = tuple_(*keys)
    return wanted.where(place < after if page.is_descending else place > after)


async def _count(session: AsyncSession, query: Select[Any]) -> tuple[int, bool]:
    counted = select(func.count()).select_from(query.limit(MOST_COUNTED + 1).subquery())
    return capped(await session.scalar(counted) or 0)
