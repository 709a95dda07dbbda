"""Sending mails: once if all goes well, again under the same Message-ID if not, and then they are forgotten."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.core.crypto import Keyring
from app.integrations.smtp import MailTransport, SmtpTransport
from app.mail.delivery import DELAYS, LEASE
from app.mail.messages import PasswordChanged, ResetPassword
from app.mail.postman import Postman
from app.models.public import MailRow
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.mail.servers import MailServer
from tests.mail.writing import GRACE, NOW, mail, write
from tests.outboxes import Clock
from tests.receivers import PATIENCE_SECONDS, eventually

SENDER = "no-reply@example.org"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def transport_to(server: MailServer) -> SmtpTransport:
    return SmtpTransport.of(server.url, greet_as="example.org")


class Rounds:
    """A postman whose rounds can be waited for, and the rows that they leave."""

    def __init__(self, app: FastAPI, clock: Clock, transport: MailTransport, keyring: Keyring | None = None) -> None:
        runtime = app.state.runtime
        self.app = app
        self.postman = Postman(runtime.database, keyring or runtime.keyring, transport, sender=SENDER, clock=clock)

    async def go(self) -> None:
        self.postman.go()
        await self.postman.settle(timeout_seconds=PATIENCE_SECONDS)

    async def row(self) -> MailRow:
        """The one mail there is."""
        async with self.app.state.database.transaction() as session:
            found: MailRow = (await session.scalars(select(MailRow))).one()
        return found


@pytest.fixture
async def rounds(app: FastAPI, clock: Clock, server: MailServer) -> AsyncIterator[Rounds]:
    """A postman on his way to the server."""
    made = Rounds(app, clock, transport_to(server))
    async with made.postman:
        yield made


@asynccontextmanager
async def nobody() -> AsyncIterator[str]:
    """The address of a server that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    yield f"smtp://127.0.0.1:{port}"


class TestGo:
    async def test_sends_what_is_due_and_forgets_what_it_said(
        self, app: FastAPI, clock: Clock, business: Business, rounds: Rounds, server: MailServer
    ) -> None:
        await write(app, mail(business, name="Zoë Hopper"))
        await rounds.go()
        (message,), (envelope,) = server.received, server.envelopes
        assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [GRACE])
        assert (message["From"], message["To"]) == (f"The {business.slug} <{SENDER}>", f"Zoë Hopper <{GRACE}>")
        assert message["Auto-Submitted"] == "auto-generated"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
        row = await rounds.row()
        assert (row.status, row.sent_at, row.attempts, row.sealed) == ("sent", clock.now, 1, None)

    async def test_sends_what_was_written_to_the_letter(self, app: FastAPI, rounds: Rounds, server: MailServer) -> None:
        link = f"https://salon.example.com/account/reset-password#{'Abc_-123' * 20}"
        await write(app, mail(message=ResetPassword(link, NOW), name="Grüße, 漢字 and a long name " * 4))
        await rounds.go()
        text, html = (part.get_content() for part in server.received[0].iter_parts())
        assert link in text.splitlines()
        assert f'href="{link}"' in html
        assert "漢字" in text

    async def test_lets_no_name_add_a_header(
        self, app: FastAPI, business: Business, rounds: Rounds, server: MailServer
    ) -> None:
        evil = 'Eve"\r\nBcc: everybody@example.com\r\n\r\n<ada@example.com>, \u2028\x00'
        await write(app, mail(business, name=evil))
        await rounds.go()
        (message,), (envelope,) = server.received, server.envelopes
        assert envelope.rcpt_tos == [GRACE]
        assert message["Bcc"] is None
        assert [address.addr_spec for address in message["To"].addresses] == [GRACE]

    async def test_writes_to_a_domain_of_another_script(self, app: FastAPI, rounds: Rounds, server: MailServer) -> None:
        await write(app, mail(recipient="grace@bücher.example"))
        await rounds.go()
        assert server.envelopes[0].rcpt_tos == ["grace@xn--bcher-kva.example"]

    async def test_sends_each_of_many_once(self, app: FastAPI, rounds: Rounds, server: MailServer) -> None:
        recipients = [f"reader-{number}@example.com" for number in range(40)]
        await write(app, *[mail(recipient=recipient) for recipient in recipients])
        rounds.postman.go()
        await rounds.go()
        assert sorted(envelope.rcpt_tos[0] for envelope in server.envelopes) == sorted(recipients)

    async def test_never_sends_what_is_withheld(self, app: FastAPI, rounds: Rounds, server: MailServer) -> None:
        await write(app, mail(mode=Mode.SANDBOX))
        await rounds.go()
        assert server.received == []
        assert (await rounds.row()).status == "withheld"

    async def test_leaves_alone_what_another_is_sending(self, app: FastAPI, rounds: Rounds, server: MailServer) -> None:
        await write(app, mail())
        async with app.state.database.transaction() as session:
            await session.scalars(select(MailRow).with_for_update())
            await rounds.go()
        assert server.received == []
        await rounds.go()
        assert len(server.received) == 1


class TestRetries:
    async def test_succeed_after_a_refusal_for_now(
        self, app: FastAPI, clock: Clock, rounds: Rounds, server: MailServer
    ) -> None:
        server.rcpt_answers = ["450 Greylisted, come back later"]
        await write(app, mail())
        await rounds.go()
        row = await rounds.row()
        assert (row.status, row.error, row.due_at) == (
            "pending",
            "450 Greylisted, come back later",
            clock.now + timedelta(minutes=1),
        )
        await rounds.go()
        assert server.received == []
        clock.now = row.due_at
        await rounds.go()
        row = await rounds.row()
        assert (len(server.received), row.status, row.error, row.attempts) == (1, "sent", None, 2)

    async def test_are_not_made_after_a_refusal_for_good(
        self, app: FastAPI, clock: Clock, rounds: Rounds, server: MailServer
    ) -> None:
        server.rcpt_answers = ["550 No such user"]
        await write(app, mail())
        for _ in range(2):
            await rounds.go()
            clock.now += timedelta(days=1)
        row = await rounds.row()
        assert (row.status, row.error, row.attempts, row.sealed) == ("failed", "550 No such user", 1, None)

    async def test_end_after_nine_hours_without_a_server(self, app: FastAPI, clock: Clock) -> None:
        await write(app, mail())
        async with nobody() as url:
            rounds = Rounds(app, clock, SmtpTransport.of(url, greet_as="example.org"))
            waits = []
            async with rounds.postman:
                for attempt in range(1, 7):
                    await rounds.go()
                    row = await rounds.row()
                    assert row.attempts == attempt
                    if row.status == "pending":
                        waits.append(row.due_at - clock.now)
                        clock.now = row.due_at
        assert waits == list(DELAYS)
        assert row.status == "failed"
        assert "cannot be reached" in (row.error or "")

    async def test_wait_for_the_right_secret_key(self, app: FastAPI, clock: Clock, server: MailServer) -> None:
        await write(app, mail())
        another = Keyring("another secret key than the tests' own")
        rounds = Rounds(app, clock, transport_to(server), another)
        async with rounds.postman:
            await rounds.go()
        row = await rounds.row()
        assert (row.status, row.error) == ("pending", "It was sealed with another secret key.")

    async def test_of_one_mail_do_not_hold_up_the_others(self, app: FastAPI, clock: Clock, server: MailServer) -> None:
        class Stumbles:
            async def send(self, message: EmailMessage) -> None:
                if message["To"].addresses[0].addr_spec == GRACE:
                    raise RuntimeError
                await transport_to(server).send(message)

        await write(app, mail(), mail(recipient="ada@example.com"))
        stumbling = Rounds(app, clock, Stumbles())
        async with stumbling.postman:
            await stumbling.go()
        assert [envelope.rcpt_tos for envelope in server.envelopes] == [["ada@example.com"]]
        async with app.state.database.transaction() as session:
            query = select(MailRow.status, MailRow.error).where(MailRow.recipient == GRACE)
            assert tuple((await session.execute(query)).one()) == (
                "pending",
                "Sending failed unexpectedly: RuntimeError.",
            )


class Dies:
    """A transport that hands the mail over, and takes its worker down before that is recorded."""

    def __init__(self, transport: MailTransport) -> None:
        self._transport = transport

    async def send(self, message: EmailMessage) -> None:
        await self._transport.send(message)
        raise asyncio.CancelledError


class TestAfterACrash:
    async def test_a_mail_is_sent_again_under_the_same_message_id(
        self, app: FastAPI, clock: Clock, rounds: Rounds, server: MailServer
    ) -> None:
        await write(app, mail())
        dying = Rounds(app, clock, Dies(transport_to(server)))
        async with dying.postman:
            await dying.go()
        assert (len(server.received), (await rounds.row()).status) == (1, "pending")
        await rounds.go()
        assert len(server.received) == 1
        clock.now += LEASE
        await rounds.go()
        first, second = server.received
        assert first["Message-ID"] == second["Message-ID"] == f"<{(await rounds.row()).id}@example.org>"
        assert (first["Date"], first["Subject"]) == (second["Date"], second["Subject"])
        assert (await rounds.row()).status == "sent"

    async def test_a_mail_that_kills_its_workers_is_given_up(
        self, app: FastAPI, clock: Clock, rounds: Rounds, server: MailServer
    ) -> None:
        await write(app, mail())
        for _ in range(len(DELAYS) + 1):
            dying = Rounds(app, clock, Dies(transport_to(server)))
            async with dying.postman:
                await dying.go()
            clock.now += LEASE
        await rounds.go()
        row = await rounds.row()
        assert (row.status, row.error) == ("failed", "Whoever tried to send it has died of it.")
        assert len(server.received) == len(DELAYS) + 1


class TestClosing:
    async def test_lets_what_is_being_sent_arrive_and_takes_up_nothing_new(
        self, app: FastAPI, clock: Clock, server: MailServer
    ) -> None:
        begun, may_end = asyncio.Event(), asyncio.Event()

        class Slow:
            async def send(self, message: EmailMessage) -> None:
                begun.set()
                await may_end.wait()
                await transport_to(server).send(message)

        rounds = Rounds(app, clock, Slow())
        await write(app, mail())
        async with rounds.postman:
            rounds.postman.go()
            await begun.wait()
            # It comes due when the postman has been told to end: until then he may well look for more.
            await write(app, mail(message=PasswordChanged(NOW)), now=clock.now + timedelta(seconds=1))
            clock.now += timedelta(seconds=2)
            asyncio.get_running_loop().call_later(0.05, may_end.set)
        rounds.postman.go()

        async def one_is_sent() -> bool:
            async with app.state.database.transaction() as session:
                query = select(MailRow.status, func.count()).group_by(MailRow.status).order_by(MailRow.status)
                return [tuple(row) for row in await session.execute(query)] == [("pending", 1), ("sent", 1)]

        await eventually(one_is_sent)
        assert len(server.received) == 1
