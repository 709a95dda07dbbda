"""Writing to people about tickets, so that their mail programs show what belongs together, and they can answer."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.core.crypto import Keyring
from app.mail.messages import Message, TicketNews, TicketReceived, TicketReplied
from app.mail.outbox import Mail, address_of, send
from app.models.public import UserRow
from app.models.tenant import CustomerRow, TicketMailRow, TicketMessageRow, TicketRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.tickets.access import business_of
from app.tickets.mailboxes import Mailbox, Side, local_part_of
from app.tickets.schemas.tickets import Saying

_MOST_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class TicketPost:
    """What it takes to write to people about tickets."""

    keyring: Keyring
    domain: str
    """What the ids of our mails end with."""
    mailbox_domain: str | None
    """Where answers are taken; None if nowhere."""

    @classmethod
    def of(cls, settings: Settings, keyring: Keyring) -> "TicketPost":
        """The post of this installation."""
        return cls(keyring, settings.sender.rpartition("@")[2], settings.inbound_mail_domain)

    @property
    def can_reply(self) -> bool:
        """Whether answers become part of the ticket."""
        return self.mailbox_domain is not None


@dataclass(frozen=True, slots=True)
class Letterhead:
    """In whose name the desk writes, in which mode, and with what."""

    business: Tenant
    mode: Mode
    post: TicketPost


@dataclass(frozen=True, slots=True)
class Said:
    """A message, with the names of the files that go with it."""

    message: TicketMessageRow
    file_names: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What a mail says of it: the words, then the files, which are had where the ticket is."""
        files = tuple(f"[{name}]" for name in self.file_names)
        return (*self.message.body.splitlines(), *(("", *files) if files else ()))


def letterhead_of(actor: Principal, post: TicketPost) -> Letterhead:
    """What the desk writes under where the caller works, or is a customer."""
    return Letterhead(business_of(actor), actor.mode, post)


async def write_to_staff(
    session: AsyncSession,
    head: Letterhead,
    row: TicketRow,
    said: Said,
    what: Saying,
    user_ids: Collection[UUID],
    *,
    now: datetime,
) -> None:
    """Mail to these users what was said. An answer to a note is one: what it quotes is for the staff alone."""
    if not user_ids:
        return
    message = said.message
    news = TicketNews(
        author=message.author_name,
        number=row.number,
        ticket=row.subject,
        lines=said.lines,
        change=what,
        can_reply=head.post.can_reply,
        is_verified=message.is_verified,
    )
    side = Side.NOTES if message.kind == "note" else Side.STAFF
    headers = await _headers(session, head, row, message, side)
    users = await session.scalars(select(UserRow).where(UserRow.id.in_(user_ids), UserRow.is_active))
    for user in sorted(users, key=lambda each: each.id):
        await _send(session, head, user.email, user.name, news, headers, now=now)


async def write_to_customer(
    session: AsyncSession,
    head: Letterhead,
    row: TicketRow,
    said: Said,
    customer: CustomerRow,
    *,
    now: datetime,
) -> None:
    """Mail to the customer what the staff have replied, or that what they have opened has come.

    Raises ValueError for a note: no customer ever reads one.
    """
    message = said.message
    if message.kind != "reply":
        raise ValueError("a note is for the staff alone")
    letter: Message
    if message.author == "customer":
        letter = TicketReceived(row.number, row.subject, head.post.can_reply)
    else:
        letter = TicketReplied(message.author_name, row.number, row.subject, said.lines, head.post.can_reply)
    headers = await _headers(session, head, row, message, Side.CUSTOMER)
    await _send(session, head, customer.email or "", customer.name, letter, headers, now=now)


async def _headers(
    session: AsyncSession, head: Letterhead, row: TicketRow, message: TicketMessageRow, side: Side
) -> dict[str, str]:
    """What has mail programs show a ticket as one thread: as an answer to what was said before, ours or not."""
    said = select(TicketMessageRow.id).where(TicketMessageRow.ticket_id == row.id, TicketMessageRow.id != message.id)
    if message.kind == "reply":  # a thread that customers see does not even bear the ids of notes
        said = said.where(TicketMessageRow.kind == "reply")
    earlier = (await session.scalars(said.order_by(TicketMessageRow.id.desc()).limit(_MOST_REFERENCES))).all()
    came = select(TicketMailRow.ticket_message_id, TicketMailRow.message_id)
    theirs = dict(
        (await session.execute(came.where(TicketMailRow.ticket_message_id.in_([*earlier, message.id])))).tuples().all()
    )
    own = f"<{message.id}@{head.post.domain}>"
    references = [theirs.get(each) or f"<{each}@{head.post.domain}>" for each in reversed(earlier)]
    references += [theirs[message.id]] if message.id in theirs else []
    headers = {"Message-ID": own, "X-Loop": head.post.domain, "X-Auto-Response-Suppress": "All"}
    if side is Side.CUSTOMER and message.author == "customer" and message.id in theirs:
        headers["Auto-Submitted"] = "auto-replied"  # RFC 3834: their mail is what it answers
    if references:
        headers |= {"In-Reply-To": references[-1], "References": " ".join(references)}
    if head.post.mailbox_domain is not None and head.mode is Mode.LIVE:  # mailboxes are those of live tickets
        local_part = local_part_of(head.post.keyring, Mailbox(head.business.id, row.number, side))
        headers["Reply-To"] = f"{local_part}@{head.post.mailbox_domain}"
    return headers


async def _send(
    session: AsyncSession,
    head: Letterhead,
    email: str,
    name: str,
    message: Message,
    headers: dict[str, str],
    *,
    now: datetime,
) -> None:
    try:
        address_of(email)
    except ValueError:  # customers' records are the business's own, and hold what was typed
        return
    mail = Mail(email, name, message, head.business.id, head.mode, headers=headers)
    await send(session, head.post.keyring, mail, now=now)
