"""What users should know."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import InPerson, InSession, Now, PublicSession
from app.errors import CursorInvalid, InPersonOnly, NotificationNotFound
from app.notifications import inbox
from app.notifications.schemas import NotificationRead
from app.routers.pages import PageRead, Paging
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/notifications",
    tags=["Notifications"],
    responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly),
)

Unread = Annotated[bool | None, Query(description="Only those that are unread, or only those that are not.")]


@router.get("", summary="List my notifications", responses=problems(CursorInvalid))
async def list_notifications(
    caller: InSession, session: PublicSession, page: Paging, unread: Unread = None
) -> PageRead[NotificationRead]:
    """The caller's own, newest first."""
    found = await inbox.find(session, caller.user_id, page, unread=unread, mode=caller.mode)
    return PageRead(items=[NotificationRead.of(row) for row in found.items], next_cursor=found.next_cursor)


@router.post("/{notification_id}/read", summary="Mark as read", responses=problems(NotificationNotFound))
async def mark_notification_read(
    notification_id: UUID, caller: InPerson, session: PublicSession, now: Now
) -> NotificationRead:
    """Note that it has been read. Whoever acts in another's place leaves that to them."""
    row = await inbox.mark_read(session, caller.user_id, notification_id, now=now, mode=caller.mode)
    return NotificationRead.of(row)


@router.post("/read-all", status_code=204, summary="Mark all as read")
async def mark_all_notifications_read(caller: InPerson, session: PublicSession, now: Now) -> None:
    """Note that all there are have been read."""
    await inbox.mark_all_read(session, caller.user_id, now=now, mode=caller.mode)
