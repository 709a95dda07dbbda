"""Time in which a resource takes no bookings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page, PageRequest, paginate
from app.errors import BlockNotFound, ResourceBusy
from app.models.tenant import BlockRow
from app.scheduling import claims, resources
from app.scheduling.ranges import check_order, start_position
from app.scheduling.schemas.blocks import BlockCreate


async def create(session: AsyncSession, resource_id: UUID, data: BlockCreate, *, now: datetime) -> BlockRow:
    """Claim a resource's time for no booking. Raises ResourceNotFound, Archived, and ResourceBusy."""
    resource = await resources.lock_active(session, resource_id)
    block = BlockRow(
        id=uuid7(),
        resource_id=resource_id,
        start_at=data.start,
        end_at=data.end,
        reason=data.reason,
        created_at=now,
    )
    session.add(block)
    await session.flush()
    claim = claims.NewClaim(resource_id, data.start, data.end, block_id=block.id)
    if not await claims.take(session, [claim], now=now):
        raise ResourceBusy("{name} has an appointment or a block in that time.", params={"name": resource.name})
    return block


async def find(
    session: AsyncSession, resource_id: UUID, page: PageRequest, *, start: datetime | None, end: datetime | None
) -> Page[BlockRow]:
    """The blocks that touch the range (open where it has no bound), in order of time.

    Raises ResourceNotFound, and ValidationFailed for a range that ends before it starts.
    """
    check_order(start, end)
    await resources.require(session, resource_id)
    query = select(BlockRow).where(BlockRow.resource_id == resource_id)
    if start is not None:
        query = query.where(BlockRow.end_at > start)
    if end is not None:
        query = query.where(BlockRow.start_at < end)
    after = page.after(start_position)
    if after is not None:
        query = query.where(tuple_(BlockRow.start_at, BlockRow.id) > after)
    rows = (await session.scalars(query.order_by(BlockRow.start_at, BlockRow.id).limit(page.limit + 1))).all()
    return paginate(rows, page.limit, lambda row: (row.start_at, row.id))


async def remove(session: AsyncSession, resource_id: UUID, block_id: UUID) -> None:
    """Give the time back; its claim goes with it. Raises BlockNotFound."""
    statement = delete(BlockRow).where(BlockRow.id == block_id, BlockRow.resource_id == resource_id)
    if (await session.scalars(statement.returning(BlockRow.id))).one_or_none() is None:
        raise BlockNotFound(
            "There is no block {block_id} of resource {resource_id}.",
            params={"block_id": block_id, "resource_id": resource_id},
        )
