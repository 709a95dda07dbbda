"""What businesses want of the platform: found, answered, sorted, brought to an end."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import checked, fields_of, read_form, transaction
from app.admin.lists import chosen, list_request
from app.admin.pages import OfficePage, action, done, page
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.businesses import directory
from app.core.pagination import MAX_LIMIT
from app.models.public.platform_ticket import PRIORITIES
from app.people import overview
from app.people.post import Post
from app.support import agents, desk
from app.support.context import Briefing
from app.support.desk_schemas import (
    Category,
    SupportTicketFilters,
    SupportTicketMessageCreate,
    SupportTicketMessageFilters,
    SupportTicketStatusChange,
    SupportTicketUpdate,
)
from app.tenancy.dependencies import now
from app.tickets.lifecycle import FOLLOWERS, TicketStatus

UNSETTLED = (TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.WAITING)
STATUSES = ["unsettled", *TicketStatus]
WHOSE = ["mine", "nobody's"]


class TicketPages(OfficePage):
    menu_label = "Tickets"
    icon = "fa-solid fa-life-ring"
    path = "/tickets"
    about = "What businesses ask of the platform: answer, note, sort, settle."
    permission = Permission.SUPPORT_DESK_READ

    def of_tenant(self, tenant_id: UUID) -> str:
        """What the business has asked."""
        return f"?tenant_id={tenant_id}"

    @page("", Permission.SUPPORT_DESK_READ, name="tickets")
    async def index(self, request: Request, actor: Principal) -> Response:
        """The tickets that the reader may see, the newest first."""
        wanted = list_request(request)
        asked = {
            "status": chosen(request, "status", STATUSES),
            "priority": chosen(request, "priority", [*PRIORITIES]),
            "category": chosen(request, "category", [*Category]),
            "whose": chosen(request, "whose", WHOSE),
            "tenant_id": request.query_params.get("tenant_id") or None,
        }
        async with transaction(request) as session:
            tenant_id = checked(SupportTicketFilters, {"tenant_id": asked["tenant_id"]}).tenant_id
            tenant = await directory.require(session, actor, tenant_id) if tenant_id else None
            listing = await desk.find_listing(session, actor, wanted, _filters(actor, asked))
            names = {agent.id: agent.name for agent in await agents.find(session)}
        choices = {"statuses": STATUSES, "priorities": PRIORITIES, "categories": [*Category], "whose": WHOSE}
        return self.show(
            request, "tickets.html", wanted=wanted, listing=listing, names=names, tenant=tenant, asked=asked, **choices
        )

    @page("/{ticket_id:uuid}", Permission.SUPPORT_DESK_READ, name="ticket")
    async def detail(self, request: Request, actor: Principal) -> Response:
        """One ticket: what was said, what is known of the business, and what can be done."""
        ticket_id = _ticket_id(request)
        async with transaction(request) as session:
            context = await _conversation(session, actor, ticket_id, request.query_params.get("cursor"))
        state = request.app.state
        briefing = Briefing(state.database, state.runtime.settings)
        context["business"] = await briefing.of_ticket(actor, ticket_id, now=await now(request))
        may_write = Permission.SUPPORT_DESK_WRITE in actor.permissions
        return self.show(request, "ticket.html", may_write=may_write, **context)

    @action("/{ticket_id:uuid}/messages", Permission.SUPPORT_DESK_WRITE, name="answer-ticket")
    async def answer(self, request: Request, actor: Principal) -> Response:
        """Answer the business, or note something among the platform's people."""
        data = await read_form(request, SupportTicketMessageCreate)
        async with transaction(request) as session:
            await desk.say(session, _post(request), actor, _ticket_id(request), data, now=await now(request))
        return done(request, "ticket-noted" if data.kind == "note" else "ticket-answered")

    @action("/{ticket_id:uuid}/status", Permission.SUPPORT_DESK_WRITE, name="set-ticket-status")
    async def set_status(self, request: Request, actor: Principal) -> Response:
        """Have it go on, end, or begin again, unless somebody has changed it since the page was made."""
        fields = await fields_of(request)
        revisions = _revisions(fields)
        to = checked(SupportTicketStatusChange, fields).status
        async with transaction(request) as session:
            await desk.set_status(session, actor, _ticket_id(request), to, revisions, now=await now(request))
        return done(request, "ticket-status-set")

    @action("/{ticket_id:uuid}/sort", Permission.SUPPORT_DESK_WRITE, name="sort-ticket")
    async def sort(self, request: Request, actor: Principal) -> Response:
        """Say how urgent it is, what it is about, and who looks after it, likewise."""
        fields = await fields_of(request)
        revisions = _revisions(fields)
        data = checked(SupportTicketUpdate, fields)
        async with transaction(request) as session:
            await desk.update(
                session, _post(request), actor, _ticket_id(request), data, revisions, now=await now(request)
            )
        return done(request, "ticket-sorted")


async def _conversation(session: AsyncSession, actor: Principal, ticket_id: UUID, cursor: str | None) -> dict[str, Any]:
    """The ticket, what can follow, whom it can be given to, and the page of messages that was asked for."""
    row = await desk.require(session, actor, ticket_id)
    filters = checked(SupportTicketMessageFilters, {"limit": MAX_LIMIT, "cursor": cursor or None})
    return {
        "ticket": await desk.read(session, row),
        "addresses": await overview.addresses_of(session, [row.opener_id] if row.opener_id else []),
        "messages": await desk.find_messages(session, actor, ticket_id, filters),
        "agents": await agents.find(session),
        "followers": [status for status in TicketStatus if status in FOLLOWERS[TicketStatus(row.status)]],
        "priorities": PRIORITIES,
        "categories": [*Category],
    }


def _filters(actor: Principal, asked: dict[str, str | None]) -> SupportTicketFilters:
    status, whose = asked["status"], asked["whose"]
    wanted: dict[str, object] = {name: asked[name] for name in ("priority", "category", "tenant_id")}
    if status:
        wanted["status"] = UNSETTLED if status == "unsettled" else [status]
    if whose:
        wanted |= {"assignee_id": actor.user_id} if whose == "mine" else {"unassigned": True}
    return checked(SupportTicketFilters, wanted)


def _revisions(fields: dict[str, str | None]) -> frozenset[str] | None:
    """The revision that the form was made for, taken out of its fields."""
    revision = fields.pop("revision", None)
    return None if revision is None else frozenset({f'"{revision}"'})


def _post(request: Request) -> Post:
    state = request.app.state
    return Post(state.keyring, state.runtime.settings, state.throttle)


def _ticket_id(request: Request) -> UUID:
    ticket_id: UUID = request.path_params["ticket_id"]
    return ticket_id
