"""When a resource works."""

from uuid import UUID

from app.auth.dependencies import CanReadResources, CanWriteResources, Now, TenantSession
from app.errors import Archived, ResourceNotFound
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import schedules
from app.scheduling.schemas.schedules import Schedule

router = ApiRouter(
    prefix="/resources/{resource_id}/schedule",
    tags=["Resources"],
    responses=problems(*PERMITTED),
)


@router.get("", summary="Get a schedule", responses=problems(ResourceNotFound))
async def get_schedule(resource_id: UUID, _actor: CanReadResources, session: TenantSession) -> Schedule:
    """The weekly hours of a resource and the dates that differ. A new resource has none, and is never open."""
    return await schedules.read(session, resource_id)


@router.put("", summary="Set a schedule", responses=problems(ResourceNotFound, Archived))
async def replace_schedule(
    resource_id: UUID, body: Schedule, _actor: CanWriteResources, session: TenantSession, now: Now
) -> Schedule:
    """Replace the whole schedule of a resource.

    Times are wall-clock times in `timezone`. A window that ends at or before its start runs into the next day, so
    `00:00` as an end is midnight. An override replaces the windows that begin on its date; one without windows
    closes the date. What is booked outside the new hours stays booked.
    """
    return await schedules.replace(session, resource_id, body, now=now)
