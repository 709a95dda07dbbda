"""Which tickets somebody may see, and on which side of the desk they are."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.auth.roles import Role
from app.errors import FieldError, ValidationFailed
from app.models.public import UserRow
from app.models.tenant import CustomerRow, TicketMessageRow, TicketRow
from app.tenancy.tenant import Tenant
from app.tickets.schemas.tickets import TicketRead

CUSTOMER, STAFF = "customer", "staff"
OF_THE_STAFF: dict[str, Any] = {"follower_ids": [], "first_response_due_at": None, "resolution_due_at": None}
"""What customers are shown in place of how the staff work."""


def side_of(actor: Principal) -> str:
    """Whether the caller is a customer or works here."""
    return CUSTOMER if actor.role is Role.CUSTOMER else STAFF


@dataclass(frozen=True, slots=True)
class CameBy:
    """The mail that something was said by: which one, whom it says it is from, and what speaks for that."""

    message_id: str
    sender: str
    spf: str
    dkim: str
    is_aligned: bool
    whole: str | None
    """What it said, where less of that is said here."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who says something about a ticket, from which side of the desk, by which way, and whether that is certain."""

    side: str
    user_id: UUID | None
    name: str
    via: str = "api"
    is_verified: bool = True
    is_known: bool = True
    """Whether it is somebody whom the ticket concerns; else it is whoever was given its address."""
    mail: CameBy | None = None

    @property
    def uploader_id(self) -> UUID:
        """Whose files go with what they say; of who has no log-in nobody's."""
        return self.user_id or UUID(int=0)


async def author_of(session: AsyncSession, actor: Principal) -> Author:
    """The caller as an author."""
    user = await session.get_one(UserRow, actor.user_id)
    return Author(side_of(actor), user.id, user.name)


def business_of(actor: Principal) -> Tenant:
    """The business whose desk it is. Raises LookupError for who is at none."""
    if actor.tenant is None:
        raise LookupError("there are tickets in businesses alone")
    return actor.tenant


def shown_to(actor: Principal, row: TicketRow) -> TicketRead:
    """The ticket as the caller may read it."""
    return TicketRead.model_validate(row).model_copy(update=withheld_from(actor))


def withheld_from(actor: Principal) -> dict[str, Any]:
    """What is shown in place of what the caller may not read: how the staff work is no customer's business."""
    return dict(OF_THE_STAFF) if side_of(actor) == CUSTOMER else {}


def visible_to(actor: Principal) -> Select[tuple[TicketRow]]:
    """The tickets that the caller may see: the own ones, or all of them."""
    return select(TicketRow).where(may_see(actor))


def may_see(actor: Principal) -> ColumnElement[bool]:
    """A customer's own tickets are those about them, a member of staff's those that they have to do with."""
    row = TicketRow
    if side_of(actor) == CUSTOMER:
        return row.customer_id.in_(select(CustomerRow.id).where(CustomerRow.user_id == actor.user_id))
    if Permission.DESK_READ in actor.permissions:
        return true()
    own: Any = literal(actor.user_id)
    return or_(row.opener_id == actor.user_id, row.assignee_id == actor.user_id, own == func.any(row.follower_ids))


def messages_for(actor: Principal) -> Select[tuple[TicketMessageRow]]:
    """The messages that the caller may read, of tickets that they may see: no customer reads notes."""
    query = select(TicketMessageRow)
    return query.where(TicketMessageRow.kind == "reply") if side_of(actor) == CUSTOMER else query


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom a ticket concerns: its customer, as whom they log in, and the members of staff who have to do with it."""

    customer: UUID | None
    staff: frozenset[UUID]

    def includes(self, actor: Principal) -> bool:
        """Whether the caller may see the ticket: as `may_see`, of a ticket that is at hand."""
        if Permission.TICKETS_READ not in actor.permissions:
            return False
        if side_of(actor) == CUSTOMER:
            return self.customer == actor.user_id
        return Permission.DESK_READ in actor.permissions or actor.user_id in self.staff


async def concerns(session: AsyncSession, ticket_ids: Collection[UUID]) -> dict[UUID, Concern]:
    """Whom each of these tickets concerns now."""
    row = TicketRow
    query = (
        select(row.id, row.opener_id, row.assignee_id, row.follower_ids, CustomerRow.user_id)
        .outerjoin(CustomerRow, CustomerRow.id == row.customer_id)
        .where(row.id.in_(ticket_ids))
    )
    return {
        ticket_id: Concern(customer, frozenset(each for each in (opener, assignee, *followers) if each))
        for ticket_id, opener, assignee, followers, customer in await session.execute(query)
    }


def for_staff_alone(actor: Principal, **given: object) -> None:
    """Raise ValidationFailed if a customer has given one of these fields."""
    if side_of(actor) == CUSTOMER:
        errors = [
            FieldError(f"/{name}", "is for the staff to say", code="staff-only")
            for name, value in given.items()
            if value is not None
        ]
        if errors:
            raise ValidationFailed(errors=errors)
