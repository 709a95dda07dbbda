"""Who hears of a ticket without looking after it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.errors import UserNotFound
from app.events.catalogue import EventType
from app.models.tenant import TicketRow
from app.people import staff
from app.tickets import desk
from app.tickets.access import business_of
from app.tickets.changes import count_change, tell


async def follow(
    session: AsyncSession, actor: Principal, ticket_id: UUID, user_id: UUID, *, now: datetime
) -> TicketRow:
    """Have somebody who works here follow a ticket: themselves, or whom somebody who manages tickets names.

    Raises TicketNotFound, TicketMerged, PermissionDenied, and UserNotFound for who does not work here.
    """
    row = await _lock(session, actor, ticket_id, user_id)
    if user_id not in await staff.find_active(session, business_of(actor), {user_id}, who_may=Permission.TICKETS_READ):
        raise UserNotFound("There is no member of staff {user_id}.", params={"user_id": user_id})
    return _set(session, row, [*row.follower_ids, *({user_id} - set(row.follower_ids))], now=now)


async def unfollow(
    session: AsyncSession, actor: Principal, ticket_id: UUID, user_id: UUID, *, now: datetime
) -> TicketRow:
    """Have somebody follow a ticket no more.

    Raises TicketNotFound, TicketMerged, PermissionDenied, and UserNotFound for who does not follow it.
    """
    row = await _lock(session, actor, ticket_id, user_id)
    if user_id not in row.follower_ids:
        raise UserNotFound("Nobody of the id {user_id} follows the ticket.", params={"user_id": user_id})
    return _set(session, row, [each for each in row.follower_ids if each != user_id], now=now)


async def _lock(session: AsyncSession, actor: Principal, ticket_id: UUID, user_id: UUID) -> TicketRow:
    row = await desk.lock(session, actor, ticket_id)
    if user_id != actor.user_id:
        actor.require(Permission.DESK_WRITE)
    return row


def _set(session: AsyncSession, row: TicketRow, follower_ids: list[UUID], *, now: datetime) -> TicketRow:
    if follower_ids != row.follower_ids:
        row.follower_ids = follower_ids
        count_change(row, now=now)
        tell(session, EventType.TICKET_UPDATED, row)
    return row
