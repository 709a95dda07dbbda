"""Mails leave by an outbox: a row, written by the transaction that makes the change they tell of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.headerregistry import Address
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.mail.branding import brand_of
from app.mail.messages import Message
from app.mail.rendering import Content, one_line, render
from app.mail.wakeups import wake
from app.models.public import MailRow
from app.tenancy.mode import Mode


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person: of a business's, or (without a tenant) of the platform's own."""

    recipient: str
    name: str
    message: Message
    tenant_id: UUID | None
    mode: Mode
    locale: str | None = None
    """The recipient's language, where it is known; else the business's."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the mail bears besides, such as whom answers go to, and what it is an answer to."""


@dataclass(frozen=True, slots=True)
class Letter(Content):
    """What is sealed: the words, and the names of both sides."""

    recipient_name: str
    sender_name: str
    headers: dict[str, str] = field(default_factory=dict)


async def send(session: AsyncSession, keyring: Keyring, mail: Mail, *, now: datetime) -> None:
    """Have a mail sent once the transaction commits. In sandbox it is written down, withheld, and never sent.

    It is put into words now and not by the worker: what is sent is what was true, and no later version of a template
    can trip over a mail that waits. The words are sealed, because there are codes among them. Raises ValueError for an
    address that is none.
    """
    address_of(mail.recipient)
    brand = await brand_of(session, mail.tenant_id)
    content = render(mail.message, name=mail.name, brand=brand, locale=mail.locale)
    headers = {name: one_line(value) for name, value in mail.headers.items()}
    letter = Letter(
        **asdict(content), recipient_name=one_line(mail.name), sender_name=one_line(brand.name), headers=headers
    )
    is_withheld = mail.mode is Mode.SANDBOX
    session.add(
        MailRow(
            id=uuid7(),
            tenant_id=mail.tenant_id,
            kind=mail.message.kind,
            recipient=mail.recipient,
            sealed=seal(keyring, letter),
            status="withheld" if is_withheld else "pending",
            attempts=0,
            due_at=now,
            error=None,
            sent_at=None,
            created_at=now,
        )
    )
    if not is_withheld:
        wake(session)


def seal(keyring: Keyring, letter: Letter) -> str:
    """The letter as a row keeps it."""
    return keyring.seal(orjson.dumps(letter).decode())


def unseal(keyring: Keyring, sealed: str) -> Letter:
    """What `seal` closed. Raises UnsealError."""
    return Letter(**orjson.loads(keyring.unseal(sealed)))


def address_of(recipient: str, name: str = "") -> Address:
    """An address as a header bears it. Raises ValueError for what could be read as anything but one address."""
    user, at, domain = recipient.rpartition("@")
    if not (user and at and domain) or not recipient.isprintable() or set(recipient) & set(' ,;:<>()[]"\\'):
        raise ValueError("not an e-mail address")
    return Address(name, user, domain.encode("idna").decode())
