"""What follows from something being said about a ticket, whoever says it and by which way."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.media.attaching import attach
from app.models.tenant import MediaFileRow, TicketMessageRow, TicketRow
from app.tickets import messages, notices, settings
from app.tickets.access import CUSTOMER, Author
from app.tickets.changes import become, count_change, tell
from app.tickets.lifecycle import TicketStatus, after_reply
from app.tickets.post import Letterhead, Said
from app.tickets.schemas.tickets import Saying, TicketMessageCreate, TicketRead, TicketReply


async def begin(
    session: AsyncSession,
    head: Letterhead,
    row: TicketRow,
    author: Author,
    data: TicketMessageCreate,
    *,
    now: datetime,
) -> TicketMessageRow:
    """Open a ticket with its first message, and tell everybody concerned.

    Raises ValidationFailed for files that are not the author's to send.
    """
    (await settings.terms_of(session, head.business)).reckon(row, now=now)
    session.add(row)
    await session.flush()
    message = await messages.add(session, author, row, data, now=now)
    files = await attach(session, author.uploader_id, data.attachment_ids, to=message.id)
    tell(session, EventType.TICKET_CREATED, row)
    await notices.tell_said(session, head, row, _said(message, files), "opened", now=now)
    return message


async def go_on(
    session: AsyncSession,
    head: Letterhead,
    row: TicketRow,
    author: Author,
    data: TicketMessageCreate,
    *,
    now: datetime,
) -> TicketReply:
    """Add to a locked ticket what somebody says, and tell everybody concerned; the ticket as it is by then.

    A reply takes it up, or opens it once more; a note leaves it as it is, and nobody outside hears of it. Raises
    ValidationFailed for files that are not the author's to send.
    """
    message = await messages.add(session, author, row, data, now=now)
    files = await attach(session, author.uploader_id, data.attachment_ids, to=message.id)
    if message.kind == "reply":
        await _follow_reply(session, head, row, author, now=now)
    count_change(row, now=now)
    what: Saying = "noted" if message.kind == "note" else "replied"
    await notices.tell_said(session, head, row, _said(message, files), what, now=now)
    read = TicketRead.model_validate(row)
    told = TicketReply(**read.model_dump(), message=messages.read(message, files))
    if message.kind == "reply":
        record(session, Event(EventType.TICKET_REPLIED, now, row.id, told.model_dump()))
    return told


def _said(message: TicketMessageRow, files: Sequence[MediaFileRow]) -> Said:
    return Said(message, tuple(file.file_name for file in files))


async def _follow_reply(
    session: AsyncSession, head: Letterhead, row: TicketRow, author: Author, *, now: datetime
) -> None:
    is_by_customer = author.side == CUSTOMER
    if not is_by_customer and row.opened_by == CUSTOMER and row.first_responded_at is None:
        row.first_responded_at = now
    to = after_reply(TicketStatus(row.status), by_customer=is_by_customer)
    if to != row.status:
        become(row, to, now=now)
    (await settings.terms_of(session, head.business)).reckon(row, now=now)
