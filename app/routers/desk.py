"""What a desk is set up with: its hours and promises, canned replies, views."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import Now, TenantSession
from app.errors import CannedReplyNotFound, CursorInvalid, TicketViewNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.tickets import canned_replies, settings, views
from app.tickets.dependencies import CanManageTickets, CanUseDesk
from app.tickets.schemas.canned_replies import (
    CannedReplyCreate,
    CannedReplyFilters,
    CannedReplyRead,
    CannedReplyUpdate,
)
from app.tickets.schemas.settings import DeskSettingsRead, DeskSettingsUpdate
from app.tickets.schemas.views import TicketViewCreate, TicketViewFilters, TicketViewRead, TicketViewUpdate

router = ApiRouter(tags=["Desk"], responses=problems(*PERMITTED))


@router.get("/desk/settings", summary="Get the desk's settings")
async def get_desk_settings(_actor: CanUseDesk, session: TenantSession) -> DeskSettingsRead:
    """When the desk is open, what it promises for each priority, and when it is done with a ticket."""
    return await settings.read(session)


@router.patch("/desk/settings", summary="Change the desk's settings")
async def update_desk_settings(
    body: DeskSettingsUpdate, actor: CanManageTickets, session: TenantSession, now: Now
) -> DeskSettingsRead:
    """Change what the body names. Tickets that are there follow with their next change of status or priority."""
    return await settings.update(session, actor, body, now=now)


@router.post("/canned-replies", status_code=201, summary="Add a canned reply")
async def create_canned_reply(
    body: CannedReplyCreate, _actor: CanManageTickets, session: TenantSession, now: Now
) -> CannedReplyRead:
    """Keep what is said again and again, with variables for what differs."""
    return CannedReplyRead.model_validate(await canned_replies.create(session, body, now=now))


@router.get("/canned-replies", summary="List canned replies", responses=problems(CursorInvalid))
async def list_canned_replies(
    _actor: CanUseDesk, session: TenantSession, filters: Annotated[CannedReplyFilters, Query()]
) -> PageRead[CannedReplyRead]:
    """The canned replies, by their titles."""
    return PageRead[CannedReplyRead].model_validate(await canned_replies.find(session, filters))


@router.get("/canned-replies/{canned_reply_id}", summary="Get a canned reply", responses=problems(CannedReplyNotFound))
async def get_canned_reply(canned_reply_id: UUID, _actor: CanUseDesk, session: TenantSession) -> CannedReplyRead:
    """One canned reply, with its variables as they are."""
    return CannedReplyRead.model_validate(await canned_replies.require(session, canned_reply_id))


@router.patch(
    "/canned-replies/{canned_reply_id}", summary="Change a canned reply", responses=problems(CannedReplyNotFound)
)
async def update_canned_reply(
    canned_reply_id: UUID, body: CannedReplyUpdate, _actor: CanManageTickets, session: TenantSession, now: Now
) -> CannedReplyRead:
    """Change what the body names. What was said with it stays as it was said."""
    return CannedReplyRead.model_validate(await canned_replies.update(session, canned_reply_id, body, now=now))


@router.delete(
    "/canned-replies/{canned_reply_id}",
    status_code=204,
    summary="Delete a canned reply",
    responses=problems(CannedReplyNotFound),
)
async def delete_canned_reply(canned_reply_id: UUID, _actor: CanManageTickets, session: TenantSession) -> None:
    """Have it no more."""
    await canned_replies.remove(session, canned_reply_id)


@router.post("/ticket-views", status_code=201, summary="Add a view")
async def create_ticket_view(
    body: TicketViewCreate, actor: CanUseDesk, session: TenantSession, now: Now
) -> TicketViewRead:
    """Keep a choice of tickets: for yourself, or for everybody at the desk. `GET /tickets?view_id=` shows them."""
    return TicketViewRead.model_validate(await views.create(session, actor, body, now=now))


@router.get("/ticket-views", summary="List views", responses=problems(CursorInvalid))
async def list_ticket_views(
    actor: CanUseDesk, session: TenantSession, filters: Annotated[TicketViewFilters, Query()]
) -> PageRead[TicketViewRead]:
    """The caller's own views and those that the desk shares, by their names."""
    return PageRead[TicketViewRead].model_validate(await views.find(session, actor, filters))


@router.get("/ticket-views/{view_id}", summary="Get a view", responses=problems(TicketViewNotFound))
async def get_ticket_view(view_id: UUID, actor: CanUseDesk, session: TenantSession) -> TicketViewRead:
    """One view."""
    return TicketViewRead.model_validate(await views.require(session, actor, view_id))


@router.patch("/ticket-views/{view_id}", summary="Change a view", responses=problems(TicketViewNotFound))
async def update_ticket_view(
    view_id: UUID, body: TicketViewUpdate, actor: CanUseDesk, session: TenantSession, now: Now
) -> TicketViewRead:
    """Change what the body names. Shared views are changed by those who manage tickets."""
    return TicketViewRead.model_validate(await views.update(session, actor, view_id, body, now=now))


@router.delete(
    "/ticket-views/{view_id}", status_code=204, summary="Delete a view", responses=problems(TicketViewNotFound)
)
async def delete_ticket_view(view_id: UUID, actor: CanUseDesk, session: TenantSession) -> None:
    """Have it no more. The tickets stay."""
    await views.remove(session, actor, view_id)
