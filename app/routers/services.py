"""What a business offers."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadServices, CanWriteServices, Now, TenantSession
from app.errors import Archived, CursorInvalid, ServiceNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import services
from app.scheduling.schemas.services import ServiceCreate, ServiceFilters, ServiceRead, ServiceUpdate
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter(prefix="/services", tags=["Services"], responses=problems(*PERMITTED))


@router.post("", status_code=201, summary="Add a service")
async def create_service(
    body: ServiceCreate, _actor: CanWriteServices, tenant: CurrentTenant, session: TenantSession, now: Now
) -> ServiceRead:
    """Describe something that can be booked: how long it takes, what it costs, and the resources it needs."""
    return await services.create(session, tenant, body, now=now)


@router.get("", summary="List services", responses=problems(CursorInvalid))
async def list_services(
    _actor: CanReadServices, session: TenantSession, filters: Annotated[ServiceFilters, Query()]
) -> PageRead[ServiceRead]:
    """The services on offer, newest first."""
    return PageRead[ServiceRead].model_validate(await services.find(session, filters))


@router.get("/{service_id}", summary="Get a service", responses=problems(ServiceNotFound))
async def get_service(service_id: UUID, _actor: CanReadServices, session: TenantSession) -> ServiceRead:
    """One service, archived or not."""
    return await services.read(session, service_id)


@router.patch("/{service_id}", summary="Change a service", responses=problems(ServiceNotFound, Archived))
async def update_service(
    service_id: UUID, body: ServiceUpdate, _actor: CanWriteServices, session: TenantSession, now: Now
) -> ServiceRead:
    """Change a service for the bookings to come. Fields left out stay as they are."""
    return await services.update(session, service_id, body, now=now)


@router.delete("/{service_id}", status_code=204, summary="Archive a service", responses=problems(ServiceNotFound))
async def archive_service(service_id: UUID, _actor: CanWriteServices, session: TenantSession, now: Now) -> None:
    """End the offer. The service keeps its history and can still be read; what is booked stays booked."""
    await services.archive(session, service_id, now=now)
