"""What every change of a ticket has in common, be it to a business or to the platform."""

from datetime import datetime
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.models.public import PlatformTicketRow
from app.models.tenant import TicketRow
from app.tickets.lifecycle import TicketStatus
from app.tickets.schemas.tickets import TicketRead

AnyTicket: TypeAlias = TicketRow | PlatformTicketRow


def become(row: AnyTicket, to: TicketStatus, *, now: datetime) -> None:
    """Have a ticket be in this status."""
    row.status = to
    if to is TicketStatus.OPEN:
        row.resolved_at = row.closed_at = None
    elif to is TicketStatus.RESOLVED:
        row.resolved_at = now
    elif to is TicketStatus.CLOSED:
        row.closed_at = now
        row.resolved_at = row.resolved_at or now


def count_change(row: AnyTicket, *, now: datetime) -> None:
    """Count a change of a locked ticket as a new revision."""
    row.revision += 1
    row.updated_at = now


def tell(session: AsyncSession, kind: EventType, row: TicketRow) -> None:
    """Tell of a ticket as it is by now."""
    record(session, Event(kind, row.updated_at, row.id, TicketRead.model_validate(row).model_dump()))
