"""What users should know."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import InPerson, InSession, Now, PublicSession
from app.errors import CursorInvalid, InPersonOnly, NotificationNotFound
from app.notifications import inbox
from app.notifications.schemas import NotificationFilters, NotificationRead
from app.routers.pages import PageRead
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/notifications",
    tags=["Notifications"],
    responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly),
)


@router.get("", summary="List my notifications", responses=problems(CursorInvalid))
async def list_notifications(
    caller: InSession, session: PublicSession, filters: Annotated[NotificationFilters, Query()]
) -> PageRead[NotificationRead]:
    """The caller's own, newest first."""
    found = await inbox.find(session, caller.user_id, filters)
    return PageRead[NotificationRead].model_validate(found.holding([NotificationRead.of(row) for row in found.items]))


@router.post("/{notification_id}/read", summary="Mark as read", responses=problems(NotificationNotFound))
async def mark_notification_read(
    notification_id: UUID, caller: InPerson, session: PublicSession, now: Now
) -> NotificationRead:
    """Note that it has been read. Whoever acts in another's place leaves that to them."""
    row = await inbox.mark_read(session, caller.user_id, notification_id, now=now)
    return NotificationRead.of(row)


@router.post("/read-all", status_code=204, summary="Mark all as read")
async def mark_all_notifications_read(caller: InPerson, session: PublicSession, now: Now) -> None:
    """Note that all there are have been read."""
    await inbox.mark_all_read(session, caller.user_id, now=now)
