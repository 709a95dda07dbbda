"""The people who work at a business, or for the platform."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadStaff, CanWriteStaff, Now, PublicSession
from app.errors import CursorInvalid, RoleDenied, TierLimit, UserNotFound
from app.people import staff
from app.people.staff_schemas import StaffFilters, StaffRead, StaffUpdate
from app.routers.pages import PageRead
from app.routers.problems import IN_LIVE_MODE, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/staff", tags=["Staff"], responses=problems(*IN_LIVE_MODE))


@router.get("", summary="List staff", responses=problems(CursorInvalid))
async def list_staff(
    actor: CanReadStaff, session: PublicSession, filters: Annotated[StaffFilters, Query()]
) -> PageRead[StaffRead]:
    """Who works here, newest first: owners, managers and staff; on the platform's host the platform's own people."""
    found = await staff.find(session, actor, filters)
    return PageRead[StaffRead].model_validate(found.holding([StaffRead.of(row) for row in found.items]))


@router.get("/{user_id}", summary="Get a member of staff", responses=problems(UserNotFound))
async def get_staff(user_id: UUID, actor: CanReadStaff, session: PublicSession) -> StaffRead:
    """One person who works here."""
    return StaffRead.of(await staff.require(session, actor, user_id))


@router.patch(
    "/{user_id}",
    summary="Change a member of staff",
    responses=problems(UserNotFound, RoleDenied, TierLimit),
)
async def update_staff(
    user_id: UUID, body: StaffUpdate, actor: CanWriteStaff, session: PublicSession, now: Now
) -> StaffRead:
    """Change somebody's name, role or areas, shut them out, or let them in again. All of it acts at once."""
    return StaffRead.of(await staff.update(session, actor, user_id, body, now=now))
