"""Time in which a resource takes no bookings."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadResources, CanWriteResources, Now, TenantSession
from app.errors import Archived, BlockNotFound, CursorInvalid, ResourceBusy, ResourceNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import blocks
from app.scheduling.schemas.blocks import BlockCreate, BlockFilters, BlockRead

router = ApiRouter(
    prefix="/resources/{resource_id}/blocks",
    tags=["Resources"],
    responses=problems(*PERMITTED),
)


@router.post("", status_code=201, summary="Block time", responses=problems(ResourceNotFound, Archived, ResourceBusy))
async def create_block(
    resource_id: UUID, body: BlockCreate, _actor: CanWriteResources, session: TenantSession, now: Now
) -> BlockRead:
    """Keep a stretch of a resource's time free of bookings: time off, a meeting, maintenance."""
    return BlockRead.model_validate(await blocks.create(session, resource_id, body, now=now))


@router.get("", summary="List blocks", responses=problems(ResourceNotFound, CursorInvalid))
async def list_blocks(
    resource_id: UUID, _actor: CanReadResources, session: TenantSession, filters: Annotated[BlockFilters, Query()]
) -> PageRead[BlockRead]:
    """The blocks of a resource in order of time."""
    return PageRead[BlockRead].model_validate(await blocks.find(session, resource_id, filters))


@router.delete("/{block_id}", status_code=204, summary="Remove a block", responses=problems(BlockNotFound))
async def remove_block(
    resource_id: UUID, block_id: UUID, _actor: CanWriteResources, session: TenantSession, now: Now
) -> None:
    """Give the time back to bookings."""
    await blocks.remove(session, resource_id, block_id, now=now)
