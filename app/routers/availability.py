"""Free slots of a service."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.auth.dependencies import CanReadAvailability, TenantSession
from app.core.schemas import Instant, TimeZoneName
from app.errors import ClockInvalid, RangeTooLong, ResourceNotFound, SandboxClockRefused, ServiceNotFound
from app.routers import display
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import slots
from app.scheduling.dependencies import SchedulingNow
from app.scheduling.schemas.availability import AvailabilityRead

router = ApiRouter(
    prefix="/availability",
    tags=["Availability"],
    responses=problems(*PERMITTED, SandboxClockRefused, ClockInvalid),
)


@router.get(
    "",
    summary="Find free slots",
    response_model=AvailabilityRead,
    responses=problems(ServiceNotFound, ResourceNotFound, RangeTooLong),
)
async def find_slots(
    _actor: CanReadAvailability,
    session: TenantSession,
    now: SchedulingNow,
    service_id: Annotated[UUID, Query(description="The `id` of a service.")],
    start: Annotated[Instant, Query(description="The first start wanted, as `2026-12-01T09:00:00Z`.")],
    end: Annotated[
        Instant,
        Query(
            description="Starts before this instant are wanted, at most 62 days later: `2026-12-08T09:00:00Z`.",
            examples=["2026-12-08T09:00:00Z"],
        ),
    ],
    resource_id: Annotated[UUID | None, Query(description="Only slots that this resource can serve.")] = None,
    timezone: Annotated[TimeZoneName | None, Query(description=display.DESCRIPTION)] = None,
) -> Response:
    """The starts that the service can be booked at, in order of time, with who could serve then."""
    query = slots.SlotQuery(service_id, start, end, resource_id, timezone)
    return Response(await slots.find(session, query, now=now), media_type="application/json")
