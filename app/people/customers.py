"""The business's records of the people it serves."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import ForUpdateArg

from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import caseless, contains, equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import CustomerNotFound
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.tenant import CustomerRow
from app.people.schemas import CustomerCreate, CustomerFilters, CustomerRead, CustomerUpdate

_SEARCHED = (CustomerRow.name, CustomerRow.email, CustomerRow.phone)
_ORDERS: Orders = {
    "name": caseless(CustomerRow.name),
    "created_at": CustomerRow.created_at,
    "updated_at": CustomerRow.updated_at,
}


async def create(session: AsyncSession, data: CustomerCreate, *, now: datetime) -> CustomerRow:
    """Record a customer. Two may share an address or a number, as families do."""
    return add(session, data, user_id=None, now=now)


def add(session: AsyncSession, data: CustomerCreate, *, user_id: UUID | None, now: datetime) -> CustomerRow:
    """Record a customer, who logs in as that user."""
    row = CustomerRow(id=uuid7(), **data.model_dump(), user_id=user_id, created_at=now, updated_at=now)
    session.add(row)
    tell(session, EventType.CUSTOMER_CREATED, row)
    return row


def tell(session: AsyncSession, kind: EventType, row: CustomerRow) -> None:
    """Tell of a change of a customer, as it is by now."""
    record(session, Event(kind, row.updated_at, row.id, CustomerRead.model_validate(row).model_dump()))


async def find(session: AsyncSession, filters: CustomerFilters) -> Page[CustomerRow]:
    """A page of the customers. Raises CursorInvalid."""
    query = select(CustomerRow).where(
        contains(filters.q, *_SEARCHED),
        equals(caseless(CustomerRow.email), filters.email and filters.email.lower()),
        was_changed(filters, CustomerRow.created_at, CustomerRow.updated_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=CustomerRow.id, ids=filters.ids)


async def log_ins(session: AsyncSession, customer_ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The users as whom these customers log in."""
    query = select(CustomerRow.id, CustomerRow.user_id).where(CustomerRow.id.in_(customer_ids))
    return dict((await session.execute(query)).tuples().all())


async def require(session: AsyncSession, customer_id: UUID, *, for_update: bool = False) -> CustomerRow:
    """A customer. Raises CustomerNotFound."""
    lock = ForUpdateArg(key_share=True) if for_update else None
    row = await session.get(CustomerRow, customer_id, with_for_update=lock)
    if row is None:
        raise CustomerNotFound("There is no customer {customer_id}.", params={"customer_id": customer_id})
    return row


async def update(session: AsyncSession, customer_id: UUID, data: CustomerUpdate, *, now: datetime) -> CustomerRow:
    """Change a customer's record. Raises CustomerNotFound."""
    row = await require(session, customer_id, for_update=True)
    if apply(row, changes(data)):
        row.updated_at = now
        tell(session, EventType.CUSTOMER_UPDATED, row)
    return row
