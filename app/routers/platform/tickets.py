"""Tickets of businesses with the platform, for the platform's own staff."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.auth.dependencies import Now, PublicSession
from app.errors import CursorInvalid, InvalidTransition, RevisionStale, TicketNotFound
from app.models.public import PlatformTicketRow
from app.people.dependencies import CurrentPost
from app.routers.conditions import ExpectedRevisions
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.support import desk
from app.support.dependencies import CanReadSupportDesk, CanWriteSupportDesk, CurrentBriefing
from app.support.desk_schemas import (
    SupportContextRead,
    SupportTicketCounts,
    SupportTicketFilters,
    SupportTicketMessageCreate,
    SupportTicketMessageFilters,
    SupportTicketMessageRead,
    SupportTicketRead,
    SupportTicketStatusChange,
    SupportTicketUpdate,
)

router = ApiRouter(prefix="/platform/tickets", tags=["Platform: tickets"], responses=problems(*PERMITTED))


async def _answer(session: PublicSession, row: PlatformTicketRow, response: Response) -> SupportTicketRead:
    response.headers["ETag"] = desk.etag_of(row)
    return await desk.read(session, row)


@router.get("", summary="List businesses' tickets", responses=problems(CursorInvalid))
async def list_support_tickets(
    actor: CanReadSupportDesk, session: PublicSession, filters: Annotated[SupportTicketFilters, Query()]
) -> PageRead[SupportTicketRead]:
    """The tickets that the caller may see, the latest to change first. Sales staff see those of demo accounts."""
    return PageRead[SupportTicketRead].model_validate(await desk.find(session, actor, filters))


@router.get("/counts", summary="Count businesses' tickets")
async def count_support_tickets(actor: CanReadSupportDesk, session: PublicSession) -> SupportTicketCounts:
    """How many tickets of each status the caller may see, and how many wait for somebody to look after them."""
    return await desk.count(session, actor)


@router.get("/{platform_ticket_id}", summary="Get a business's ticket", responses=problems(TicketNotFound))
async def get_support_ticket(
    platform_ticket_id: UUID, actor: CanReadSupportDesk, session: PublicSession, response: Response
) -> SupportTicketRead:
    """One ticket. Its `ETag` can be sent back in `If-Match` with a change."""
    return await _answer(session, await desk.require(session, actor, platform_ticket_id), response)


@router.get(
    "/{platform_ticket_id}/context", summary="Get what to know of the business", responses=problems(TicketNotFound)
)
async def get_support_context(
    platform_ticket_id: UUID, actor: CanReadSupportDesk, briefing: CurrentBriefing, now: Now
) -> SupportContextRead:
    """The business's subscription, how much of it is used, and what has gone wrong there of late."""
    return await briefing.of_ticket(actor, platform_ticket_id, now=now)


@router.patch(
    "/{platform_ticket_id}", summary="Sort a business's ticket", responses=problems(TicketNotFound, RevisionStale)
)
async def update_support_ticket(
    platform_ticket_id: UUID,
    body: SupportTicketUpdate,
    actor: CanWriteSupportDesk,
    session: PublicSession,
    post: CurrentPost,
    revisions: ExpectedRevisions,
    now: Now,
    response: Response,
) -> SupportTicketRead:
    """Change how urgent it is, what it is about, and who looks after it. The business sees nothing of that."""
    row = await desk.update(session, post, actor, platform_ticket_id, body, revisions, now=now)
    return await _answer(session, row, response)


@router.post(
    "/{platform_ticket_id}/status",
    summary="Set the status of a business's ticket",
    responses=problems(TicketNotFound, RevisionStale, InvalidTransition),
)
async def set_support_ticket_status(
    platform_ticket_id: UUID,
    body: SupportTicketStatusChange,
    actor: CanWriteSupportDesk,
    session: PublicSession,
    revisions: ExpectedRevisions,
    now: Now,
    response: Response,
) -> SupportTicketRead:
    """Have it go on, end, or begin again. The business sees nothing of that."""
    row = await desk.set_status(session, actor, platform_ticket_id, body.status, revisions, now=now)
    return await _answer(session, row, response)


@router.post(
    "/{platform_ticket_id}/messages",
    status_code=201,
    summary="Answer a business's ticket",
    responses=problems(TicketNotFound),
)
async def add_support_ticket_message(
    platform_ticket_id: UUID,
    body: SupportTicketMessageCreate,
    actor: CanWriteSupportDesk,
    session: PublicSession,
    post: CurrentPost,
    now: Now,
) -> SupportTicketMessageRead:
    """Answer the business, which is told at once, or note something for the platform's people alone."""
    row = await desk.say(session, post, actor, platform_ticket_id, body, now=now)
    return SupportTicketMessageRead.model_validate(row)


@router.get(
    "/{platform_ticket_id}/messages",
    summary="List what was said and noted",
    responses=problems(TicketNotFound, CursorInvalid),
)
async def list_support_ticket_messages(
    platform_ticket_id: UUID,
    actor: CanReadSupportDesk,
    session: PublicSession,
    filters: Annotated[SupportTicketMessageFilters, Query()],
) -> PageRead[SupportTicketMessageRead]:
    """The messages of both sides in order of time, and the notes among them."""
    found = await desk.find_messages(session, actor, platform_ticket_id, filters)
    return PageRead[SupportTicketMessageRead].model_validate(found)
