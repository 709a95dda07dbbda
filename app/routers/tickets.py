"""Tickets: what customers want of the business, and what it says to that."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.auth.dependencies import Now, TenantSession
from app.auth.principals import Principal
from app.errors import (
    AppointmentNotFound,
    CannedReplyNotFound,
    CursorInvalid,
    CustomerNotFound,
    InvalidTransition,
    MediaFileNotFound,
    RevisionStale,
    TicketMerged,
    TicketNotFound,
    TicketViewNotFound,
    UserNotFound,
)
from app.media.dependencies import CurrentShelf
from app.media.schemas import MediaFileRead
from app.models.tenant import TicketRow
from app.routers.conditions import ExpectedRevisions
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.tickets import canned_replies, desk, following, merging, messages, rating
from app.tickets.access import shown_to
from app.tickets.dependencies import CanManageTickets, CanReadTickets, CanUseDesk, CanWriteTickets, Post
from app.tickets.messages import AttachmentPlace
from app.tickets.schemas.canned_replies import CannedReplyText
from app.tickets.schemas.tickets import (
    TicketCounts,
    TicketCreate,
    TicketFilters,
    TicketMerge,
    TicketMessageCreate,
    TicketMessageFilters,
    TicketMessageRead,
    TicketRating,
    TicketRead,
    TicketReply,
    TicketStatusChange,
    TicketUpdate,
)

router = ApiRouter(prefix="/tickets", tags=["Tickets"], responses=problems(*PERMITTED))


def _answer(row: TicketRow, actor: Principal, response: Response) -> TicketRead:
    response.headers["ETag"] = desk.etag_of(row)
    return shown_to(actor, row)


@router.post("", status_code=201, summary="Open a ticket", responses=problems(CustomerNotFound, AppointmentNotFound))
async def open_ticket(
    body: TicketCreate,
    actor: CanWriteTickets,
    session: TenantSession,
    post: Post,
    now: Now,
    request: Request,
    response: Response,
) -> TicketRead:
    """Ask something of the business as a customer, or write it down for one as somebody who works there."""
    row = await desk.open_ticket(session, actor, post, body, now=now)
    response.headers["Location"] = request.app.url_path_for(get_ticket.__name__, ticket_id=row.id)
    return _answer(row, actor, response)


@router.get("", summary="List tickets", responses=problems(CursorInvalid, TicketViewNotFound))
async def list_tickets(
    actor: CanReadTickets, session: TenantSession, filters: Annotated[TicketFilters, Query()], now: Now
) -> PageRead[TicketRead]:
    """The tickets that the caller may see, the latest to change first.

    Customers see their own. Members of staff see those that they opened, look after or follow, or all of them: that is
    for the owner to decide.
    """
    found = await desk.find(session, actor, filters, now=now)
    return PageRead[TicketRead].model_validate(found.holding([shown_to(actor, row) for row in found.items]))


@router.get("/counts", summary="Count tickets")
async def count_tickets(actor: CanReadTickets, session: TenantSession) -> TicketCounts:
    """How many tickets of each status the caller may see."""
    return await desk.count(session, actor)


@router.get("/{ticket_id}", summary="Get a ticket", responses=problems(TicketNotFound))
async def get_ticket(ticket_id: UUID, actor: CanReadTickets, session: TenantSession, response: Response) -> TicketRead:
    """One ticket. Its `ETag` can be sent back in `If-Match` with a change."""
    return _answer(await desk.require(session, actor, ticket_id), actor, response)


@router.patch(
    "/{ticket_id}",
    summary="Change a ticket",
    responses=problems(TicketNotFound, TicketMerged, RevisionStale, CustomerNotFound, AppointmentNotFound),
)
async def update_ticket(
    ticket_id: UUID,
    body: TicketUpdate,
    actor: CanManageTickets,
    session: TenantSession,
    revisions: ExpectedRevisions,
    now: Now,
    response: Response,
) -> TicketRead:
    """Change what it is about, how urgent it is, who looks after it and who follows it."""
    return _answer(await desk.update(session, actor, ticket_id, body, revisions, now=now), actor, response)


@router.post(
    "/{ticket_id}/status",
    summary="Set a ticket's status",
    responses=problems(TicketNotFound, TicketMerged, RevisionStale, InvalidTransition),
)
async def set_ticket_status(
    ticket_id: UUID,
    body: TicketStatusChange,
    actor: CanWriteTickets,
    session: TenantSession,
    revisions: ExpectedRevisions,
    now: Now,
    response: Response,
) -> TicketRead:
    """Have it go on, end, or begin again. Customers close their tickets and open them once more, and no more."""
    return _answer(await desk.set_status(session, actor, ticket_id, body.status, revisions, now=now), actor, response)


@router.post(
    "/{ticket_id}/messages",
    status_code=201,
    summary="Reply to a ticket",
    responses=problems(TicketNotFound, TicketMerged),
)
async def add_ticket_message(
    ticket_id: UUID, body: TicketMessageCreate, actor: CanWriteTickets, session: TenantSession, post: Post, now: Now
) -> TicketReply:
    """Say something that both sides read, or note something for the staff alone.

    A customer's reply has a ticket go on that waited for it, and opens one once more that was over. The first reply of
    the staff takes it up.
    """
    return await desk.say(session, actor, post, ticket_id, body, now=now)


@router.get("/{ticket_id}/messages", summary="List what was said", responses=problems(TicketNotFound, CursorInvalid))
async def list_ticket_messages(
    ticket_id: UUID,
    actor: CanReadTickets,
    session: TenantSession,
    filters: Annotated[TicketMessageFilters, Query()],
) -> PageRead[TicketMessageRead]:
    """The messages in order of time. The notes among them are for the staff alone."""
    ticket = await desk.require(session, actor, ticket_id)
    return PageRead[TicketMessageRead].model_validate(await messages.find(session, actor, ticket.id, filters))


@router.get(
    "/{ticket_id}/messages/{message_id}/attachments/{media_id}",
    summary="Get an attachment",
    responses=problems(TicketNotFound, MediaFileNotFound),
)
async def get_ticket_attachment(
    ticket_id: UUID,
    message_id: UUID,
    media_id: UUID,
    actor: CanReadTickets,
    session: TenantSession,
    shelf: CurrentShelf,
    now: Now,
) -> MediaFileRead:
    """A file that goes with a message, with addresses to download it from, which work for ten minutes."""
    ticket = await desk.require(session, actor, ticket_id)
    place = AttachmentPlace(ticket.id, message_id, media_id)
    return await messages.read_attachment(session, shelf, actor, place, now=now)


@router.post(
    "/{ticket_id}/merge",
    summary="Merge a ticket into another",
    responses=problems(TicketNotFound, TicketMerged),
)
async def merge_ticket(
    ticket_id: UUID, body: TicketMerge, actor: CanManageTickets, session: TenantSession, now: Now, response: Response
) -> TicketRead:
    """Have it go on as another ticket of the same customer, with all that was said; answers with that one.

    It is closed for good, and points to the other one.
    """
    return _answer(await merging.merge(session, actor, ticket_id, body.into_id, now=now), actor, response)


@router.put(
    "/{ticket_id}/rating",
    summary="Rate what became of a ticket",
    responses=problems(TicketNotFound, TicketMerged, InvalidTransition),
)
async def rate_ticket(
    ticket_id: UUID, body: TicketRating, actor: CanWriteTickets, session: TenantSession, now: Now, response: Response
) -> TicketRead:
    """Say as its customer how content you are, once it is resolved. The last word counts."""
    return _answer(await rating.rate(session, actor, ticket_id, body, now=now), actor, response)


@router.put(
    "/{ticket_id}/followers/{user_id}",
    summary="Follow a ticket",
    responses=problems(TicketNotFound, TicketMerged, UserNotFound),
)
async def follow_ticket(
    ticket_id: UUID, user_id: UUID, actor: CanUseDesk, session: TenantSession, now: Now, response: Response
) -> TicketRead:
    """Hear of it without looking after it. Whoever manages tickets has colleagues follow it, too."""
    return _answer(await following.follow(session, actor, ticket_id, user_id, now=now), actor, response)


@router.delete(
    "/{ticket_id}/followers/{user_id}",
    status_code=204,
    summary="Follow a ticket no more",
    responses=problems(TicketNotFound, TicketMerged, UserNotFound),
)
async def unfollow_ticket(ticket_id: UUID, user_id: UUID, actor: CanUseDesk, session: TenantSession, now: Now) -> None:
    """Hear of it no more. Whoever sees a ticket only because they follow it no longer sees it then."""
    await following.unfollow(session, actor, ticket_id, user_id, now=now)


@router.get(
    "/{ticket_id}/canned-replies/{canned_reply_id}",
    summary="Fill in a canned reply",
    responses=problems(TicketNotFound, CannedReplyNotFound),
)
async def fill_in_canned_reply(
    ticket_id: UUID, canned_reply_id: UUID, actor: CanUseDesk, session: TenantSession
) -> CannedReplyText:
    """The reply with this ticket's values in place of the variables: to be read over, and sent as a message."""
    return await canned_replies.for_ticket(session, actor, ticket_id, canned_reply_id)
