"""Who at the desk, and which customer, should know what happens to a ticket."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.models.public import UserRow
from app.models.tenant import CustomerRow, TicketRow
from app.notifications import inbox
from app.notifications.inbox import News
from app.notifications.kinds import NotificationKind
from app.people.staff import find_active, find_owners
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.tickets.access import business_of
from app.tickets.lifecycle import TicketStatus
from app.tickets.post import Letterhead, Said, write_to_customer, write_to_staff
from app.tickets.schemas.tickets import Saying


async def tell_assigned(session: AsyncSession, actor: Principal, row: TicketRow, *, now: datetime) -> None:
    """Tell whoever looks after a ticket now, unless they have taken it themselves."""
    if row.assignee_id is None or row.assignee_id == actor.user_id:
        return
    assigner = await session.get_one(UserRow, actor.user_id)
    data = _about(row) | {"assigner": assigner.name}
    news = _news(NotificationKind.TICKET_ASSIGNED, data, business_of(actor), actor.mode)
    await inbox.tell(session, [row.assignee_id], news, now=now)


async def tell_said(
    session: AsyncSession,
    head: Letterhead,
    row: TicketRow,
    said: Said,
    what: Saying,
    *,
    now: datetime,
) -> None:
    """Tell everybody concerned but the author of what was said, and write to them: of a note to no customer."""
    message = said.message
    data = _about(row) | {"author": message.author_name, "what": what, "is_verified": message.is_verified}
    news = _news(NotificationKind.TICKET_NEWS, data, head.business, head.mode)
    staff = {each for each in await find_listeners(session, head.business, row) if each != message.author_id}
    at_once = await inbox.tell(session, staff, news, now=now, is_mailed=True)
    await write_to_staff(session, head, row, said, what, at_once, now=now)
    if message.kind == "reply" and row.customer_id is not None:
        await _tell_customer(session, head, row, said, news, now=now)


async def _tell_customer(
    session: AsyncSession, head: Letterhead, row: TicketRow, said: Said, news: News, *, now: datetime
) -> None:
    """What the staff say, and that what they themselves have opened has come; whoever has no log-in is written to."""
    customer = await session.get_one(CustomerRow, row.customer_id)
    if said.message.author == "customer":
        if news.data["what"] == "opened":
            await write_to_customer(session, head, row, said, customer, now=now)
        return
    user_ids = {customer.user_id} if customer.user_id else set()
    at_once = await inbox.tell(session, user_ids, news, now=now, is_mailed=True)
    if at_once == user_ids:
        await write_to_customer(session, head, row, said, customer, now=now)


async def tell_turned(session: AsyncSession, actor: Principal, row: TicketRow, *, now: datetime) -> None:
    """Tell the desk that the customer has closed a ticket, or opened it once more."""
    business = business_of(actor)
    customer = await session.get_one(UserRow, actor.user_id)
    what = "closed" if row.status == TicketStatus.CLOSED else "reopened"
    data = _about(row) | {"author": customer.name, "what": what}
    news = _news(NotificationKind.TICKET_NEWS, data, business, actor.mode)
    await inbox.tell(session, await find_listeners(session, business, row), news, now=now)


async def tell_overdue(session: AsyncSession, business: Tenant, mode: Mode, row: TicketRow, *, now: datetime) -> None:
    """Tell whoever hears of a ticket that a promise was not kept."""
    news = _news(NotificationKind.TICKET_OVERDUE, _about(row), business, mode)
    await inbox.tell(session, await find_listeners(session, business, row), news, now=now)


async def find_listeners(session: AsyncSession, business: Tenant, row: TicketRow) -> set[UUID]:
    """Who at the desk hears of a ticket: whoever looks after it or follows it and may still see it, else the owners."""
    named: Collection[UUID] = {*row.follower_ids, *([row.assignee_id] if row.assignee_id else [])}
    listeners = await find_active(session, business, named, who_may=Permission.TICKETS_READ)
    if row.assignee_id not in listeners:  # nobody looks after it, or somebody who no longer may
        listeners |= {owner.id for owner in await find_owners(session, business.id)}
    return listeners


def _about(row: TicketRow) -> dict[str, object]:
    return {"ticket_id": row.id, "number": row.number, "subject": row.subject}


def _news(kind: NotificationKind, data: dict[str, object], business: Tenant, mode: Mode) -> News:
    return News(kind, data, business.timezone, is_sandbox=mode is Mode.SANDBOX)
