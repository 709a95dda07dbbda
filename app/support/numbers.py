"""Numbers of tickets: short enough to say on the telephone, and telling nothing."""

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.public import PlatformTicketRow

_LEAST, _MOST = 10_000_000, 99_999_999


def draw() -> int:
    """A number of eight digits. No business can tell from its own how many others ask."""
    return _LEAST + secrets.randbelow(_MOST - _LEAST + 1)


async def insert_numbered(
    session: AsyncSession, values: dict[str, Any], *, draw: Callable[[], int] = draw
) -> PlatformTicketRow:
    """A ticket with these values, under a number of its own: another is drawn where one is taken."""
    row = None
    while row is None:
        drawn = insert(PlatformTicketRow).values(values | {"number": draw()})
        drawn = drawn.on_conflict_do_nothing(index_elements=[PlatformTicketRow.number])
        row = (await session.scalars(drawn.returning(PlatformTicketRow))).one_or_none()
    return row
