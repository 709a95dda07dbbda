"""The business's records of the people it serves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.core.pagination import Page, PageRequest
from app.core.patch import apply, changes
from app.db.pages import newest_first
from app.errors import CustomerNotFound
from app.models.tenant import CustomerRow
from app.people.schemas import CustomerCreate, CustomerUpdate

_CLEARABLE = frozenset({"email", "phone"})
_SEARCHED = (CustomerRow.name, CustomerRow.email, CustomerRow.phone)


async def create(session: AsyncSession, data: CustomerCreate, *, now: datetime) -> CustomerRow:
    """Record a customer. Two may share an address or a number, as families do."""
    row = CustomerRow(id=uuid7(), **data.model_dump(), user_id=None, created_at=now, updated_at=now)
    session.add(row)
    return row


async def find(session: AsyncSession, page: PageRequest, *, search: str | None) -> Page[CustomerRow]:
    """The customers, newest first; with `search` those whose name, e-mail address or phone number contains it."""
    query = select(CustomerRow)
    if search is not None:
        query = query.where(or_(*[column.icontains(search, autoescape=True) for column in _SEARCHED]))
    return await newest_first(session, query, page, by=CustomerRow.id)


async def require(session: AsyncSession, customer_id: UUID) -> CustomerRow:
    """A customer. Raises CustomerNotFound."""
    row = await session.get(CustomerRow, customer_id)
    if row is None:
        raise CustomerNotFound("There is no customer {customer_id}.", params={"customer_id": customer_id})
    return row


async def update(session: AsyncSession, customer_id: UUID, data: CustomerUpdate, *, now: datetime) -> CustomerRow:
    """Change a customer's record. Raises CustomerNotFound."""
    row = await require(session, customer_id)
    if apply(row, changes(data, clearable=_CLEARABLE)):
        row.updated_at = now
    return row
