"""Numbered pages of what a query finds."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.listing import PER_PAGE, Listing, ListRequest, last_page_of

Row = TypeVar("Row")


async def find_listed(
    session: AsyncSession,
    query: Select[tuple[Row]],
    wanted: ListRequest,
    *,
    orders: Mapping[str, InstrumentedAttribute[Any]],
    by: InstrumentedAttribute[Any],
) -> Listing[Row]:
    """A page of what the query finds, and its count. An order that the list does not have is the newest first.

    `by` is the rows' id, which decides where the order leaves open what comes first.
    """
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    column = orders.get(wanted.sort or "", by)
    descending = wanted.descending if wanted.sort in orders else True
    ordered = query.order_by(column.desc() if descending else column.asc(), by.desc())
    page = min(wanted.page, last_page_of(total))
    rows = (await session.scalars(ordered.offset((page - 1) * PER_PAGE).limit(PER_PAGE))).all()
    return Listing(rows, total, page)
