"""Staff, rooms and equipment."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadResources, CanWriteResources, Now, TenantSession
from app.errors import Archived, CursorInvalid, ResourceInUse, ResourceNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import resources
from app.scheduling.schemas.resources import ResourceCreate, ResourceFilters, ResourceRead, ResourceUpdate
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter(prefix="/resources", tags=["Resources"], responses=problems(*PERMITTED))


@router.post("", status_code=201, summary="Add a resource")
async def create_resource(
    body: ResourceCreate, _actor: CanWriteResources, tenant: CurrentTenant, session: TenantSession, now: Now
) -> ResourceRead:
    """Add somebody or something that bookings occupy. It is never open until its schedule is set."""
    return ResourceRead.model_validate(await resources.create(session, tenant, body, now=now))


@router.get("", summary="List resources", responses=problems(CursorInvalid))
async def list_resources(
    _actor: CanReadResources, session: TenantSession, filters: Annotated[ResourceFilters, Query()]
) -> PageRead[ResourceRead]:
    """The resources in use, newest first."""
    return PageRead[ResourceRead].model_validate(await resources.find(session, filters))


@router.get("/{resource_id}", summary="Get a resource", responses=problems(ResourceNotFound))
async def get_resource(resource_id: UUID, _actor: CanReadResources, session: TenantSession) -> ResourceRead:
    """One resource, archived or not."""
    return ResourceRead.model_validate(await resources.require(session, resource_id))


@router.patch("/{resource_id}", summary="Change a resource", responses=problems(ResourceNotFound, Archived))
async def update_resource(
    resource_id: UUID,
    body: ResourceUpdate,
    _actor: CanWriteResources,
    tenant: CurrentTenant,
    session: TenantSession,
    now: Now,
) -> ResourceRead:
    """Change a resource. Fields left out stay as they are; its kind never changes."""
    return ResourceRead.model_validate(await resources.update(session, tenant, resource_id, body, now=now))


@router.delete(
    "/{resource_id}",
    status_code=204,
    summary="Archive a resource",
    responses=problems(ResourceNotFound, ResourceInUse),
)
async def archive_resource(resource_id: UUID, _actor: CanWriteResources, session: TenantSession, now: Now) -> None:
    """Take a resource out of use and out of every service that can do without it. It can still be read."""
    await resources.archive(session, resource_id, now=now)
