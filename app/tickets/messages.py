"""What is said about a ticket."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import was_made
from app.db.pages import Orders, find_page
from app.errors import MediaFileNotFound
from app.media import attaching
from app.media.schemas import MediaFileRead
from app.media.shelf import Shelf
from app.models.tenant import MediaFileRow, TicketMailRow, TicketMessageRow, TicketRow
from app.tickets.access import STAFF, Author, messages_for, side_of
from app.tickets.schemas.tickets import (
    TicketAttachment,
    TicketMailRead,
    TicketMessageCreate,
    TicketMessageFilters,
    TicketMessageRead,
)


@dataclass(frozen=True, slots=True)
class AttachmentPlace:
    """Which file, of which message, of which ticket."""

    ticket_id: UUID
    message_id: UUID
    media_id: UUID


_ORDERS: Orders = {"created_at": TicketMessageRow.created_at}


async def add(
    session: AsyncSession, author: Author, ticket: TicketRow, data: TicketMessageCreate, *, now: datetime
) -> TicketMessageRow:
    """Write down what somebody says about a ticket, and which mail it came by."""
    row = TicketMessageRow(
        id=uuid7(),
        ticket_id=ticket.id,
        kind=data.kind,
        author=author.side,
        author_id=author.user_id,
        author_name=author.name,
        body=data.body,
        created_at=now,
        via=author.via,
        is_verified=author.is_verified,
    )
    session.add(row)
    await session.flush()
    if author.mail is not None:
        mail = asdict(author.mail)
        session.add(TicketMailRow(**mail, id=uuid7(), ticket_id=ticket.id, ticket_message_id=row.id, received_at=now))
        await session.flush()
    return row


async def find(
    session: AsyncSession, actor: Principal, ticket_id: UUID, filters: TicketMessageFilters
) -> Page[TicketMessageRead]:
    """A page of what was said about a ticket, as far as the caller may read it; they must be allowed to see the ticket.

    Raises CursorInvalid.
    """
    row = TicketMessageRow
    query = messages_for(actor).where(row.ticket_id == ticket_id, was_made(filters, row.created_at))
    found = await find_page(session, query, filters, _ORDERS, by=row.id, ids=filters.ids)
    ids = [each.id for each in found.items]
    files = await attaching.find_attached(session, ids)
    mails = await _find_mails(session, ids) if side_of(actor) == STAFF else {}
    return found.holding([read(each, files.get(each.id, ()), mails.get(each.id)) for each in found.items])


async def read_attachment(
    session: AsyncSession, shelf: Shelf, actor: Principal, place: AttachmentPlace, *, now: datetime
) -> MediaFileRead:
    """A file that goes with a message, as far as the caller may read that; they must be allowed to see the ticket.

    Raises MediaFileNotFound.
    """
    row = TicketMessageRow
    message = messages_for(actor).where(row.id == place.message_id, row.ticket_id == place.ticket_id)
    if (await session.scalars(message)).one_or_none() is None:
        raise MediaFileNotFound("There is no file {media_id}.", params={"media_id": place.media_id})
    return await shelf.read(await attaching.require_attached(session, place.media_id, to=place.message_id), now=now)


def read(row: TicketMessageRow, files: Sequence[MediaFileRow], mail: TicketMailRow | None = None) -> TicketMessageRead:
    """A message with what goes with it."""
    known = {name: getattr(row, name) for name in TicketMessageRead.model_fields if hasattr(row, name)}
    attachments = [TicketAttachment.model_validate(file) for file in files]
    facts = TicketMailRead.model_validate(mail) if mail else None
    return TicketMessageRead(**known, attachments=attachments, mail=facts)


async def _find_mails(session: AsyncSession, message_ids: Sequence[UUID]) -> dict[UUID, TicketMailRow]:
    query = select(TicketMailRow).where(TicketMailRow.ticket_message_id.in_(message_ids))
    return {row.ticket_message_id: row for row in await session.scalars(query)} if message_ids else {}
