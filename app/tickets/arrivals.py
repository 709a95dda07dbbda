"""Mail that comes in: whose it is, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission, permissions_of
from app.auth.principals import Principal
from app.auth.roles import Role
from app.core.ids import uuid7
from app.models.public import UserRow
from app.models.tenant import CustomerRow, TicketMailRow, TicketMessageRow, TicketRow
from app.people.ranks import STAFF as STAFF_ROLES
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.tickets import saying
from app.tickets.access import CUSTOMER, STAFF, Author, CameBy, may_see
from app.tickets.lifecycle import TicketStatus
from app.tickets.mailboxes import Mailbox, Side
from app.tickets.post import Letterhead
from app.tickets.schemas.tickets import TicketMessageCreate

MOST_FROM_ONE = 10
MOST_TO_ONE = 30
WITHIN = timedelta(minutes=10)
"""More than so many mails from one sender, or to one ticket, in that time come from a machine."""

_MOST_SUBJECT = 200
_MOST_BODY = 20_000
_MOST_WHOLE = 50_000
_FOR_CUSTOMERS = "This address is for customers whose domain vouches for their mails, and yours is not known here so."
_NOTHING_SAID = "(no text)"


class NotTaken(Exception):
    """A mail that does not become part of a ticket. The text says why, for its sender."""


class NotNow(Exception):
    """A mail that may become part of a ticket once more is known of it. The text says what, for its sender."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail, read: who says they sent it, what speaks for that, and what it says anew."""

    message_id: str
    sender: str
    subject: str
    text: str
    whole: str
    """Likewise, with what it quotes."""
    spf: str
    dkim: str
    is_aligned: bool
    """Whether the domain of the sender vouches for it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a mail is to become: something that this author says about this ticket, or a new one of this customer's."""

    author: Author
    ticket: TicketRow | None
    customer: CustomerRow | None
    is_note: bool = False


async def admit(
    session: AsyncSession, business: Tenant, box: Mailbox | None, arrival: Arrival, *, now: datetime
) -> Admitted | None:
    """Say what becomes of a mail to a ticket's mailbox, or to the business itself; None if it has come before.

    To the business itself its customers write: whoever is written to by strangers has other addresses for that. Nobody
    has to have been given that address, so their domain has to vouch for the mail, or anybody could ask who is a
    customer. The ticket, or the customer, is for this transaction alone to change. Raises NotTaken and NotNow.
    """
    if box is None:
        _require_certainty(arrival, _FOR_CUSTOMERS)
        customer = await _find_customer(session, arrival.sender)
        if customer is None:
            raise NotTaken(_FOR_CUSTOMERS)
        admitted = Admitted(_customer_as_author(customer, arrival), None, customer)
        is_known = await _has_come(session, arrival)
    else:
        ticket = await _lock(session, box.number)
        author = await _author_of(session, business, ticket, arrival)
        _check_side(author, box.side)
        admitted = Admitted(author, ticket, None, is_note=box.side is Side.NOTES)
        is_known = await _has_come(session, arrival, ticket)
    if is_known:
        return None
    await _hold_back(session, arrival, admitted.ticket, now=now)
    return admitted


async def take(
    session: AsyncSession,
    head: Letterhead,
    admitted: Admitted,
    arrival: Arrival,
    file_ids: Sequence[UUID],
    *,
    now: datetime,
) -> None:
    """Have a mail that this transaction has admitted be what it is to become, with these files."""
    data = TicketMessageCreate(
        body=arrival.text[:_MOST_BODY] or _NOTHING_SAID,
        kind="note" if admitted.is_note else "reply",
        attachment_ids=list(file_ids),
    )
    author = replace(admitted.author, mail=_mail_of(arrival))
    if admitted.ticket is not None:
        await saying.go_on(session, head, admitted.ticket, author, data, now=now)
        return
    row = TicketRow(
        id=uuid7(),
        subject=arrival.subject[:_MOST_SUBJECT] or _NOTHING_SAID,
        status=TicketStatus.OPEN,
        priority="normal",
        category="",
        customer_id=admitted.customer.id if admitted.customer else None,
        opened_by=CUSTOMER,
        opener_id=author.user_id,
        follower_ids=[],
        clock_spent_seconds=0,
        revision=1,
        created_at=now,
        updated_at=now,
    )
    await saying.begin(session, head, row, author, data, now=now)


def _mail_of(arrival: Arrival) -> CameBy:
    is_less = arrival.whole.strip() not in arrival.text[:_MOST_BODY]
    return CameBy(
        message_id=arrival.message_id,
        sender=arrival.sender,
        spf=arrival.spf,
        dkim=arrival.dkim,
        is_aligned=arrival.is_aligned,
        whole=arrival.whole[:_MOST_WHOLE] if is_less else None,
    )


async def _lock(session: AsyncSession, number: int) -> TicketRow:
    """The ticket of this number, or what it goes on as."""
    query = select(TicketRow).where(TicketRow.number == number).with_for_update()
    row = (await session.scalars(query)).one_or_none()
    while row is not None and row.merged_into_id is not None:
        row = await session.get(TicketRow, row.merged_into_id, with_for_update=True)
    if row is None:
        raise NotTaken("This ticket is there no more.")
    return row


async def _has_come(session: AsyncSession, arrival: Arrival, ticket: TicketRow | None = None) -> bool:
    """Whether it is part of this ticket, be it that it came to one which goes on as this; without one, of any."""
    row, message = TicketMailRow, TicketMessageRow
    query = select(row.id).where(row.message_id == arrival.message_id, row.sender == arrival.sender)
    if ticket is not None:
        query = query.join(message, message.id == row.ticket_message_id).where(message.ticket_id == ticket.id)
    return (await session.scalars(query.limit(1))).one_or_none() is not None


async def _hold_back(session: AsyncSession, arrival: Arrival, ticket: TicketRow | None, *, now: datetime) -> None:
    """Raise NotNow for what two machines would write that answer one another, be it under ever new names.

    What a domain vouches for is counted by itself: nobody is kept out by who writes in their name.
    """
    row = TicketMailRow
    recent = select(func.count()).where(row.received_at > now - WITHIN, row.is_aligned == arrival.is_aligned)
    if (await session.scalar(recent.where(row.sender == arrival.sender)) or 0) >= MOST_FROM_ONE:
        raise NotNow("Too many mails have come from you within minutes.")
    if ticket and (await session.scalar(recent.where(row.ticket_id == ticket.id)) or 0) >= MOST_TO_ONE:
        raise NotNow("Too many mails have come to this ticket within minutes.")


async def _author_of(session: AsyncSession, business: Tenant, row: TicketRow, arrival: Arrival) -> Author:
    """Who has written: the ticket's customer, somebody who works here, or whoever was given the address.

    The address alone makes nobody a member of staff: their domain has to vouch for it.
    """
    customer = await session.get(CustomerRow, row.customer_id) if row.customer_id else None
    if customer is not None and (customer.email or "").lower() == arrival.sender:
        return _customer_as_author(customer, arrival)
    query = select(UserRow).where(
        UserRow.tenant_id == business.id, UserRow.email == arrival.sender, UserRow.role.in_(STAFF_ROLES)
    )
    user = (await session.scalars(query)).one_or_none()
    if user is None:
        return Author(CUSTOMER, None, arrival.sender, "email", is_verified=False, is_known=False)
    _require_certainty(
        arrival, "It is not certain that this mail is yours: neither SPF nor DKIM of your domain speak for it."
    )
    if not await _may_reply(session, business, user, row):
        raise NotTaken("You may not reply to this ticket.")
    return Author(STAFF, user.id, user.name, "email")


def _require_certainty(arrival: Arrival, refusal: str) -> None:
    """Raise NotTaken, with these words, unless the sender's domain vouches for the mail; NotNow if it may yet."""
    if arrival.is_aligned:
        return
    if "temperror" in {arrival.spf, arrival.dkim}:
        raise NotNow("It cannot be told yet whether this mail is yours: the DNS of your domain does not answer.")
    raise NotTaken(refusal)


def _check_side(author: Author, side: Side) -> None:
    """Raise NotTaken if this mailbox is not for the author: a note, or what quotes one, is for the staff alone."""
    is_stranger = author.side == CUSTOMER and not author.is_known
    if (side is Side.STAFF and is_stranger) or (side is Side.NOTES and author.side != STAFF):
        raise NotTaken("This address is for who works there. Write from the address that you are known by.")


async def _may_reply(session: AsyncSession, business: Tenant, user: UserRow, row: TicketRow) -> bool:
    role = Role(user.role)
    permissions = permissions_of(role, user.areas)
    actor = Principal(user.id, user.email, role, business, Mode.LIVE, permissions)
    sees = select(TicketRow.id).where(TicketRow.id == row.id, may_see(actor))
    is_allowed = user.is_active and Permission.TICKETS_WRITE in permissions
    return is_allowed and (await session.scalars(sees)).one_or_none() is not None


def _customer_as_author(customer: CustomerRow, arrival: Arrival) -> Author:
    return Author(CUSTOMER, customer.user_id, customer.name, "email", is_verified=arrival.is_aligned)


async def _find_customer(session: AsyncSession, sender: str) -> CustomerRow | None:
    """The one of this address who has been a customer longest, for this transaction alone."""
    row = CustomerRow
    query = select(row).where(func.lower(row.email) == sender).order_by(row.created_at, row.id).limit(1)
    found: Sequence[CustomerRow] = (await session.scalars(query.with_for_update(key_share=True))).all()
    return found[0] if found else None
