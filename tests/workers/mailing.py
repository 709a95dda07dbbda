"""The way to a business's desk by mail: a socket, and what comes of it."""

import base64
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import aiosmtplib
import dkim
from fastapi import FastAPI
from sqlalchemy import select

from app.integrations.smtp_server import taking_mail
from app.mail.delivery import Claimed, envelope
from app.mail.outbox import Letter, unseal
from app.models.public import MailRow
from app.runtime import Runtime
from app.tickets.mailboxes import Mailbox, Side, local_part_of
from app.workers.mailroom import Mailroom
from tests.actors import Business
from tests.mail.incoming import samples
from tests.mail.incoming.test_authentication import PRIVATE, key_of
from tests.tickets.conftest import TICKETS, Desk, desk  # noqa: F401 — the fixture

DOMAIN = "tickets.example.com"
BODY = "Four is fine.\n\nOn Mon, Nov 23, 2026 Salon <a@b.example> wrote:\n> Come by at four.\n"


@dataclass
class Post:
    """The way to a business's desk by mail."""

    app: FastAPI
    desk: Desk
    port: int

    def address(self, ticket: dict[str, Any], business: Business | None = None, *, side: Side = Side.CUSTOMER) -> str:
        box = Mailbox(UUID((business or self.desk.business).id), ticket["number"], side)
        return f"{local_part_of(self.app.state.runtime.keyring, box)}@{DOMAIN}"

    async def send(self, raw: bytes, *recipients: str, sender: str = "grace@hopper.example") -> int:
        """Send it; the code of the answer."""
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False)
        async with client:
            try:
                await client.sendmail(sender, list(recipients), raw)
            except aiosmtplib.SMTPRecipientsRefused as refusal:
                return refusal.recipients[0].code
            except aiosmtplib.SMTPResponseException as refusal:
                return refusal.code
        return 250

    async def said(self, ticket: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.desk.business.owner.get(f"{TICKETS}/{ticket['id']}/messages")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    @asynccontextmanager
    async def vouched_for(self, email: str) -> AsyncIterator["Post"]:
        """The same, where the domain of this address publishes our key."""
        records = key_of(email.rpartition("@")[2])
        room = Mailroom(taking(self.app), DOMAIN, lambda name, kind: records.get(name, {}).get(kind, []))
        async with taking_mail(room, "127.0.0.1", 0, DOMAIN) as port:
            yield Post(self.app, self.desk, port)

    async def letters(self, recipient: str) -> list[Letter]:
        """What is written to this address, the oldest first."""
        return [letter for _, letter in await self._written(recipient)]

    async def sent(self, recipient: str) -> list[EmailMessage]:
        """The same, as it travels."""
        return [
            envelope(Claimed(row.id, row.recipient, "", 1, row.created_at), letter, sender="no-reply@localhost")
            for row, letter in await self._written(recipient)
        ]

    async def _written(self, recipient: str) -> list[tuple[MailRow, Letter]]:
        query = select(MailRow).where(MailRow.recipient == recipient).order_by(MailRow.id)
        async with self.app.state.database.transaction() as session:
            rows = (await session.scalars(query)).all()
        return [(row, unseal(self.app.state.runtime.keyring, row.sealed)) for row in rows if row.sealed]

    async def tickets(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.desk.business.owner.get(TICKETS)).json()["items"]
        return items


def taking(app: FastAPI) -> Runtime:
    """What the application runs on, where mail is taken."""
    runtime: Runtime = app.state.runtime
    settings = runtime.settings.model_copy(update={"inbound_mail_domain": DOMAIN, "inbound_mail_port": 0})
    return dataclasses.replace(runtime, settings=settings)


def written(
    email: str, body: str = BODY, *, message_id: str = "<m1@hopper.example>", subject: str = "Re: it", **headers: str
) -> bytes:
    head = f"From: Somebody <{email}>\nTo: desk\nMessage-ID: {message_id}\nSubject: {subject}\n"
    return samples.mail(body, head=head, **headers)


def signed(raw: bytes, domain: str) -> bytes:
    header: bytes = dkim.sign(raw, b"key", domain.encode(), PRIVATE, include_headers=[b"from", b"subject"])
    return header + raw


def vouched(raw: bytes) -> bytes:
    """A mail of one of the crowd, signed by the domain that all of them have."""
    return signed(raw, "people.example")


def with_files(email: str, files: list[tuple[str, bytes]]) -> bytes:
    parts = "".join(
        f"--x\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        f'Content-Disposition: attachment; filename="{name}"\n\n{base64.encodebytes(data).decode()}\n'
        for name, data in files
    )
    body = f"--x\nContent-Type: text/plain\n\nSee.\n{parts}--x--\n"
    return written(email, body, Content_Type="multipart/mixed; boundary=x")
