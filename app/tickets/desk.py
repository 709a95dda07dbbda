"""Tickets: opened, found, looked after, brought to an end."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import (
    AppointmentNotFound,
    CustomerNotFound,
    FieldError,
    RevisionStale,
    TicketMerged,
    TicketNotFound,
    ValidationFailed,
)
from app.events.catalogue import EventType
from app.models.tenant import AppointmentRow, CustomerRow, TicketRow
from app.people import staff
from app.people.customers import require as require_customer
from app.scheduling.appointments import require as require_appointment
from app.tickets import notices, saying, settings, views
from app.tickets.access import (
    CUSTOMER,
    author_of,
    business_of,
    for_staff_alone,
    may_see,
    side_of,
    visible_to,
    withheld_from,
)
from app.tickets.changes import become, count_change, tell
from app.tickets.criteria import matching
from app.tickets.lifecycle import OF_CUSTOMERS, TicketStatus, check_transition
from app.tickets.post import TicketPost, letterhead_of
from app.tickets.schemas.tickets import (
    TicketCounts,
    TicketCreate,
    TicketFilters,
    TicketMessageCreate,
    TicketReply,
    TicketUpdate,
)

_ORDERS: Orders = {
    "created_at": TicketRow.created_at,
    "updated_at": TicketRow.updated_at,
    "number": TicketRow.number,
}


def etag_of(ticket: TicketRow) -> str:
    """The entity tag of a ticket as it is: its revision."""
    return f'"{ticket.revision}"'


async def open_ticket(
    session: AsyncSession, actor: Principal, post: TicketPost, data: TicketCreate, *, now: datetime
) -> TicketRow:
    """Open a ticket with its first message: for a customer, or by one for themselves.

    Raises CustomerNotFound, AppointmentNotFound, PermissionDenied for an assignee that the caller may not choose, and
    ValidationFailed for what is for the staff to say, somebody who does not work here or another's appointment.
    """
    for_staff_alone(actor, customer_id=data.customer_id, priority=data.priority, assignee_id=data.assignee_id)
    customer_id = data.customer_id
    if side_of(actor) == CUSTOMER:
        customer_id = await _own_record(session, actor)
    row = TicketRow(
        id=uuid7(),
        subject=data.subject,
        status=TicketStatus.OPEN,
        priority=data.priority or "normal",
        category=data.category,
        customer_id=customer_id,
        appointment_id=data.appointment_id,
        opened_by=side_of(actor),
        opener_id=actor.user_id,
        assignee_id=data.assignee_id,
        follower_ids=[],
        clock_spent_seconds=0,
        revision=1,
        created_at=now,
        updated_at=now,
    )
    if data.assignee_id is not None:
        actor.require(Permission.DESK_WRITE)
        await _check_colleagues(session, actor, {"/assignee_id": data.assignee_id})
    await _check_subjects(session, actor, row.customer_id, row.appointment_id)
    author = await author_of(session, actor)
    first = TicketMessageCreate(body=data.body, attachment_ids=data.attachment_ids)
    await saying.begin(session, letterhead_of(actor, post), row, author, first, now=now)
    await notices.tell_assigned(session, actor, row, now=now)
    return row


async def find(session: AsyncSession, actor: Principal, filters: TicketFilters, *, now: datetime) -> Page[TicketRow]:
    """A page of the tickets that the caller may see. Raises CursorInvalid, and TicketViewNotFound for the view."""
    row = TicketRow
    query = visible_to(actor).where(
        *matching(actor, filters, now=now),
        *(
            matching(actor, await views.criteria_of(session, actor, filters.view_id), now=now)
            if filters.view_id
            else ()
        ),
        equals(row.customer_id, filters.customer_id),
        equals(row.appointment_id, filters.appointment_id),
        equals(row.merged_into_id, filters.merged_into_id),
        was_changed(filters, row.created_at, row.updated_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)


async def count(session: AsyncSession, actor: Principal) -> TicketCounts:
    """How many tickets of each status the caller may see."""
    row = TicketRow
    query = select(row.status, func.count()).where(may_see(actor)).group_by(row.status)
    found = dict((await session.execute(query)).tuples().all())
    return TicketCounts(**{status.value: found.get(status.value, 0) for status in TicketStatus})


async def require(session: AsyncSession, actor: Principal, ticket_id: UUID, *, for_update: bool = False) -> TicketRow:
    """A ticket that the caller may see. Raises TicketNotFound."""
    query = visible_to(actor).where(TicketRow.id == ticket_id)
    row = (await session.scalars(query.with_for_update(of=TicketRow) if for_update else query)).one_or_none()
    if row is None:
        raise TicketNotFound("There is no ticket {ticket_id}.", params={"ticket_id": ticket_id})
    return row


async def update(
    session: AsyncSession,
    actor: Principal,
    ticket_id: UUID,
    data: TicketUpdate,
    expected: Collection[str] | None,
    *,
    now: datetime,
) -> TicketRow:
    """Change what a ticket is about and who looks after it.

    Raises TicketNotFound, RevisionStale, CustomerNotFound, AppointmentNotFound, and ValidationFailed for somebody who
    does not work here or an appointment of another customer.
    """
    row = await lock(session, actor, ticket_id, expected)
    wanted = changes(data)
    if "follower_ids" in wanted:
        wanted["follower_ids"] = list(dict.fromkeys(wanted["follower_ids"]))
    named = {f"/follower_ids/{place}": each for place, each in enumerate(wanted.get("follower_ids", ()))}
    if wanted.get("assignee_id") is not None:
        named["/assignee_id"] = wanted["assignee_id"]
    await _check_colleagues(session, actor, named)
    about = {name: wanted.get(name, getattr(row, name)) for name in ("customer_id", "appointment_id")}
    if wanted.keys() & about.keys():
        await _check_subjects(session, actor, **about)
    is_given_away = wanted.get("assignee_id", row.assignee_id) != row.assignee_id
    is_reckoned_anew = wanted.get("priority", row.priority) != row.priority
    if apply(row, wanted):
        if is_reckoned_anew:
            (await settings.terms_of(session, business_of(actor))).reckon(row, now=now)
        count_change(row, now=now)
        tell(session, EventType.TICKET_UPDATED, row)
        if is_given_away:
            await notices.tell_assigned(session, actor, row, now=now)
    return row


async def set_status(
    session: AsyncSession,
    actor: Principal,
    ticket_id: UUID,
    to: TicketStatus,
    expected: Collection[str] | None,
    *,
    now: datetime,
) -> TicketRow:
    """Have a ticket go on, end or begin again. Raises TicketNotFound, RevisionStale, InvalidTransition.

    Raises ValidationFailed for what is for the staff to say: customers close their tickets or open them once more.
    """
    row = await lock(session, actor, ticket_id, expected)
    if to not in OF_CUSTOMERS:
        for_staff_alone(actor, status=to)
    check_transition(TicketStatus(row.status), to)
    become(row, to, now=now)
    (await settings.terms_of(session, business_of(actor))).reckon(row, now=now)
    count_change(row, now=now)
    tell(session, EventType.TICKET_STATUS_CHANGED, row)
    if side_of(actor) == CUSTOMER:
        await notices.tell_turned(session, actor, row, now=now)
    return row


async def say(
    session: AsyncSession,
    actor: Principal,
    post: TicketPost,
    ticket_id: UUID,
    data: TicketMessageCreate,
    *,
    now: datetime,
) -> TicketReply:
    """Reply to a ticket, or note something about it; the ticket as it is by then, as the caller may read it.

    Raises TicketNotFound, TicketMerged, and ValidationFailed for a customer's note.
    """
    row = await lock(session, actor, ticket_id)
    if data.kind == "note":
        for_staff_alone(actor, kind=data.kind)
    author = await author_of(session, actor)
    told = await saying.go_on(session, letterhead_of(actor, post), row, author, data, now=now)
    return told.model_copy(update=withheld_from(actor))


async def lock(
    session: AsyncSession, actor: Principal, ticket_id: UUID, expected: Collection[str] | None = None
) -> TicketRow:
    """A ticket for this transaction alone to change, if its entity tag is one of those expected.

    Raises TicketNotFound, RevisionStale, and TicketMerged for one that goes on as another.
    """
    row = await require(session, actor, ticket_id, for_update=True)
    if expected is not None and etag_of(row) not in expected:
        raise RevisionStale
    if row.merged_into_id is not None:
        raise TicketMerged(
            "The ticket was merged into {ticket_id}. Go on there.", params={"ticket_id": row.merged_into_id}
        )
    return row


async def _own_record(session: AsyncSession, actor: Principal) -> UUID:
    """The business's record of the customer who calls. Raises CustomerNotFound."""
    query = select(CustomerRow.id).where(CustomerRow.user_id == actor.user_id).order_by(CustomerRow.id).limit(1)
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        raise CustomerNotFound("The business has no record of you. Ask it to link your log-in.")
    return found


async def _check_colleagues(session: AsyncSession, actor: Principal, named: dict[str, UUID]) -> None:
    able = await staff.find_active(session, actor.tenant, set(named.values()), who_may=Permission.TICKETS_READ)
    errors = [
        FieldError(pointer, "must be somebody who works here and may read tickets", code="unknown")
        for pointer, user_id in named.items()
        if user_id not in able
    ]
    if errors:
        raise ValidationFailed(errors=errors)


async def _check_subjects(
    session: AsyncSession, actor: Principal, customer_id: UUID | None, appointment_id: UUID | None
) -> None:
    """Raise CustomerNotFound, AppointmentNotFound, and ValidationFailed for an appointment of another customer."""
    if customer_id is not None and side_of(actor) != CUSTOMER:
        await require_customer(session, customer_id)
    if appointment_id is None:
        return
    appointment: AppointmentRow = await require_appointment(session, appointment_id)
    if appointment.customer_id == customer_id:
        return
    if side_of(actor) == CUSTOMER:  # nobody learns of appointments that are not theirs
        raise AppointmentNotFound(
            "There is no appointment {appointment_id}.", params={"appointment_id": appointment_id}
        )
    raise ValidationFailed(
        errors=[FieldError("/appointment_id", "is an appointment of another customer", code="unsuitable")]
    )
