"""What every change of a platform ticket brings with it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.core.ids import uuid7
from app.models.public import PlatformTicketMessageRow, PlatformTicketRow, UserRow
from app.tickets import changes as tickets
from app.tickets.lifecycle import TicketStatus, after_reply

BUSINESS, PLATFORM = "business", "platform"


def about(row: PlatformTicketRow) -> Subject:
    """The ticket, as the audit trail names it."""
    return Subject("platform_ticket", row.id)


async def add_message(
    session: AsyncSession,
    actor: Principal,
    row: PlatformTicketRow,
    body: str,
    *,
    author: str,
    kind: str = "reply",
    now: datetime,
) -> PlatformTicketMessageRow:
    """Write down what the caller says about a locked ticket, for one side or the other.

    A reply has the ticket go on, or opens it once more; a note leaves it as it is.
    """
    writer = await session.get_one(UserRow, actor.user_id)
    message = PlatformTicketMessageRow(
        id=uuid7(),
        ticket_id=row.id,
        kind=kind,
        author=author,
        author_id=writer.id,
        author_name=writer.name,
        body=body,
        created_at=now,
    )
    session.add(message)
    if kind == "reply":
        row.last_message_at = now
        if author == PLATFORM and row.first_replied_at is None:
            row.first_replied_at = now
        become(session, row, after_reply(TicketStatus(row.status), by_customer=author == BUSINESS), now=now)
    tickets.count_change(row, now=now)
    return message


def become(session: AsyncSession, row: PlatformTicketRow, to: TicketStatus, *, now: datetime) -> None:
    """Have a locked ticket be in this status. The platform's chain keeps it, and never the business's."""
    if to == row.status:
        return
    diff = changed({"status": row.status}, {"status": to.value})
    record(session, AuditEvent.SUPPORT_TICKET_STATUS_CHANGED, tenant_id=None, about=about(row), diff=diff)
    tickets.become(row, to, now=now)
