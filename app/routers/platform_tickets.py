"""Platform tickets as businesses have them: what they ask of the platform, and what it says to that."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.auth.dependencies import Now, PublicSession
from app.errors import CursorInvalid, TicketNotFound
from app.people.dependencies import CurrentPost
from app.routers.pages import PageRead
from app.routers.problems import IN_LIVE_MODE, problems
from app.routers.routing import ApiRouter
from app.support import conversation
from app.support.conversation_schemas import (
    PlatformTicketCreate,
    PlatformTicketFilters,
    PlatformTicketMessageFilters,
    PlatformTicketMessageRead,
    PlatformTicketRead,
    PlatformTicketReply,
)
from app.support.dependencies import CanReadSupport, CanWriteSupport

router = ApiRouter(prefix="/platform-tickets", tags=["Support"], responses=problems(*IN_LIVE_MODE))


@router.post("", status_code=201, summary="Ask the platform for help")
async def open_platform_ticket(
    body: PlatformTicketCreate,
    actor: CanWriteSupport,
    session: PublicSession,
    post: CurrentPost,
    now: Now,
    request: Request,
    response: Response,
) -> PlatformTicketRead:
    """Open a ticket with the platform. Its answer comes as a notification and by mail, and stands in the ticket."""
    row = await conversation.open_ticket(session, post, actor, body, now=now)
    path = request.app.url_path_for(get_platform_ticket.__name__, platform_ticket_id=row.id)
    response.headers["Location"] = path
    return PlatformTicketRead.model_validate(row)


@router.get("", summary="List platform tickets", responses=problems(CursorInvalid))
async def list_platform_tickets(
    actor: CanReadSupport, session: PublicSession, filters: Annotated[PlatformTicketFilters, Query()]
) -> PageRead[PlatformTicketRead]:
    """What the business has asked of the platform; what was written about last comes first."""
    return PageRead[PlatformTicketRead].model_validate(await conversation.find(session, actor, filters))


@router.get("/{platform_ticket_id}", summary="Get a platform ticket", responses=problems(TicketNotFound))
async def get_platform_ticket(
    platform_ticket_id: UUID, actor: CanReadSupport, session: PublicSession
) -> PlatformTicketRead:
    """One of the business's tickets with the platform."""
    return PlatformTicketRead.model_validate(await conversation.require(session, actor, platform_ticket_id))


@router.get(
    "/{platform_ticket_id}/messages", summary="List what both said", responses=problems(TicketNotFound, CursorInvalid)
)
async def list_platform_ticket_messages(
    platform_ticket_id: UUID,
    actor: CanReadSupport,
    session: PublicSession,
    filters: Annotated[PlatformTicketMessageFilters, Query()],
) -> PageRead[PlatformTicketMessageRead]:
    """What the business and the platform have written to each other, in order of time."""
    found = await conversation.find_messages(session, actor, platform_ticket_id, filters)
    page = found.holding([PlatformTicketMessageRead.of(row) for row in found.items])
    return PageRead[PlatformTicketMessageRead].model_validate(page)


@router.post(
    "/{platform_ticket_id}/messages",
    status_code=201,
    summary="Write to the platform",
    responses=problems(TicketNotFound),
)
async def reply_to_platform_ticket(
    platform_ticket_id: UUID,
    body: PlatformTicketReply,
    actor: CanWriteSupport,
    session: PublicSession,
    post: CurrentPost,
    now: Now,
) -> PlatformTicketMessageRead:
    """Say more about a ticket. One that seemed settled goes on with that."""
    row = await conversation.reply(session, post, actor, platform_ticket_id, body, now=now)
    return PlatformTicketMessageRead.of(row)


@router.post(
    "/{platform_ticket_id}/settle",
    status_code=204,
    summary="Say that a platform ticket is settled",
    responses=problems(TicketNotFound),
)
async def settle_platform_ticket(
    platform_ticket_id: UUID, actor: CanWriteSupport, session: PublicSession, now: Now
) -> None:
    """Tell the platform that nothing more is to be done. Whoever writes about it later has it go on."""
    await conversation.settle(session, actor, platform_ticket_id, now=now)
