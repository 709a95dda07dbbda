"""Who is told of what is said about platform tickets, in the service and by mail.

A business is told of answers alone. What it is told holds the number, the subject and the answer, and so does the
mail; nothing else of the ticket comes this way.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission, permissions_of
from app.auth.roles import Role
from app.mail.messages import PlatformTicketReplied, SupportTicket
from app.models.public import PlatformTicketMessageRow, PlatformTicketRow, TenantRow, UserRow
from app.notifications.inbox import News, tell
from app.notifications.kinds import NotificationKind
from app.people.post import Post
from app.people.staff import find_owners
from app.support import agents
from app.support.changes import BUSINESS
from app.tenancy.hosts import PLATFORM_LABEL
from app.tenancy.tenant import Tenant

MOST_MAILED = 20
"""Messages of one business in an hour that mails of their own are sent about; the others are gathered."""
_READERS = [role for role in Role if Permission.SUPPORT_READ in permissions_of(role)]
_WINDOW = timedelta(hours=1)
_LONGEST_QUOTE = 2000


async def tell_agents(
    session: AsyncSession,
    post: Post,
    row: PlatformTicketRow,
    tenant: Tenant,
    change: Literal["opened", "replied"],
    *,
    now: datetime,
) -> None:
    """Tell whoever looks after a ticket that its business has written, or all on duty if nobody does."""
    assignee = await agents.get(session, row.assignee_id) if row.assignee_id else None
    told = [assignee] if assignee else await agents.find_on_duty(session)
    by_mail = await _count_lately(session, row, now=now) <= MOST_MAILED
    await _tell(session, post, told, row, tenant.name, change, by_mail=by_mail, now=now)


async def tell_assignee(
    session: AsyncSession, post: Post, row: PlatformTicketRow, assignee: UserRow, *, now: datetime
) -> None:
    """Tell somebody that a ticket is theirs."""
    name = (await session.scalars(select(TenantRow.name).where(TenantRow.id == row.tenant_id))).one()
    await _tell(session, post, [assignee], row, name, "assigned", by_mail=True, now=now)


async def tell_business(session: AsyncSession, post: Post, row: PlatformTicketRow, said: str, *, now: datetime) -> None:
    """Tell whoever asked that the platform has answered; the owners, if that one may no longer read it."""
    query = select(UserRow).where(
        UserRow.id == row.opener_id, UserRow.tenant_id == row.tenant_id, UserRow.is_active, UserRow.role.in_(_READERS)
    )
    opener = (await session.scalars(query)).one_or_none()
    tenant = await session.get_one(TenantRow, row.tenant_id)
    message = PlatformTicketReplied(
        number=str(row.number), subject=row.subject, lines=_lines(said), address=post.settings.url(tenant.slug)
    )
    told = {user.id: user for user in ([opener] if opener else await find_owners(session, row.tenant_id))}
    news = News(NotificationKind.PLATFORM_TICKET_REPLIED, _about(row), tenant.timezone)
    for user_id in await tell(session, told, news, now=now, is_mailed=True):
        user = told[user_id]
        await post.send(session, user.email, user.name, message, row.tenant_id, now=now)


async def _tell(
    session: AsyncSession,
    post: Post,
    told: Sequence[UserRow],
    row: PlatformTicketRow,
    business: str,
    change: Literal["opened", "replied", "assigned"],
    *,
    by_mail: bool,
    now: datetime,
) -> None:
    data = _about(row) | {"business": business, "change": change}
    link = f"{post.settings.url(PLATFORM_LABEL)}/admin/tickets/{row.id}"
    message = SupportTicket(number=str(row.number), subject=row.subject, business=business, change=change, link=link)
    by_id = {user.id: user for user in told}
    news = News(NotificationKind.SUPPORT_TICKET, data)
    for user_id in await tell(session, by_id, news, now=now, is_mailed=by_mail):
        if by_mail:
            await post.send(session, by_id[user_id].email, by_id[user_id].name, message, None, now=now)


def _about(row: PlatformTicketRow) -> dict[str, Any]:
    return {"ticket_id": row.id, "number": row.number, "subject": row.subject}


async def _count_lately(session: AsyncSession, row: PlatformTicketRow, *, now: datetime) -> int:
    """How much the ticket's business has written within the hour, counted just beyond the bound."""
    message, ticket = PlatformTicketMessageRow, PlatformTicketRow
    lately = (
        select(message.id)
        .join(ticket, ticket.id == message.ticket_id)
        .where(ticket.tenant_id == row.tenant_id, message.author == BUSINESS, message.created_at > now - _WINDOW)
        .limit(MOST_MAILED + 1)
    )
    return await session.scalar(select(func.count()).select_from(lately.subquery())) or 0


def _lines(words: str) -> tuple[str, ...]:
    quoted = words if len(words) <= _LONGEST_QUOTE else f"{words[: _LONGEST_QUOTE - 1]}…"
    return tuple(quoted.splitlines())
