"""Pages of the lists that are ordered by id, which is the order in which their rows were made."""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.core.pagination import Page, PageRequest, id_position, paginate

Row = TypeVar("Row")


async def newest_first(
    session: AsyncSession, query: Select[tuple[Row]], page: PageRequest, *, by: InstrumentedAttribute[UUID]
) -> Page[Row]:
    """A page of what the query finds. `by` is the rows' id. Raises CursorInvalid."""
    after = page.after(id_position)
    if after is not None:
        query = query.where(by < after[0])
    rows = (await session.scalars(query.order_by(by.desc()).limit(page.limit + 1))).all()
    return paginate(rows, page.limit, _position)


def _position(row: Any) -> tuple[UUID]:
    return (row.id,)
