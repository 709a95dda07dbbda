"""Time in which a resource takes no bookings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import contains
from app.db.pages import Orders, find_page
from app.errors import BlockNotFound, ResourceBusy
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import BlockRow
from app.scheduling import claims, resources
from app.scheduling.ranges import check_order
from app.scheduling.schemas.blocks import BlockCreate, BlockFilters, BlockRead

_ORDERS: Orders = {"start": BlockRow.start_at, "created_at": BlockRow.created_at}


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
    _tell(session, EventType.RESOURCE_BLOCKED, block, now=now)
    return block


async def find(session: AsyncSession, resource_id: UUID, filters: BlockFilters) -> Page[BlockRow]:
    """A page of the blocks that touch the range (open where it has no bound).

    Raises ResourceNotFound, CursorInvalid, and ValidationFailed for a range that ends before it starts.
    """
    check_order(filters.start, filters.end)
    await resources.require(session, resource_id)
    query = select(BlockRow).where(BlockRow.resource_id == resource_id, contains(filters.q, BlockRow.reason))
    if filters.start is not None:
        query = query.where(BlockRow.end_at > filters.start)
    if filters.end is not None:
        query = query.where(BlockRow.start_at < filters.end)
    return await find_page(session, query, filters, _ORDERS, by=BlockRow.id, ids=filters.ids)


async def remove(session: AsyncSession, resource_id: UUID, block_id: UUID, *, now: datetime) -> None:
    """Give the time back; its claim goes with it. Raises BlockNotFound."""
    statement = delete(BlockRow).where(BlockRow.id == block_id, BlockRow.resource_id == resource_id)
    block = (await session.scalars(statement.returning(BlockRow))).one_or_none()
    if block is None:
        raise BlockNotFound(
            "There is no block {block_id} of resource {resource_id}.",
            params={"block_id": block_id, "resource_id": resource_id},
        )
    _tell(session, EventType.RESOURCE_UNBLOCKED, block, now=now)


def _tell(session: AsyncSession, kind: EventType, block: BlockRow, *, now: datetime) -> None:
    record(session, Event(kind, now, block.id, BlockRead.model_validate(block).model_dump()))
