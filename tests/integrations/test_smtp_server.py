"""Taking mail over SMTP: who is listened to, by TLS or without, and how it ends."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiosmtplib
import pytest

from app.integrations.smtp_server import (
    MOST_BYTES,
    MOST_FROM_ONE_PEER,
    Certificate,
    Delivered,
    MailRefused,
    taking_mail,
)
from tests.mail.servers import certificate as make_certificate

MAIL = b"From: a@b.example\r\nSubject: x\r\n\r\nHello.\r\n"


class Taker:
    """Keeps what comes, once it may."""

    def __init__(self) -> None:
        self.kept: list[Delivered] = []
        self.begun = asyncio.Event()
        self.given_up = asyncio.Event()
        self.may_keep = asyncio.Event()
        self.may_keep.set()

    async def check_recipient(self, address: str) -> None:
        if not address.startswith("desk@"):
            raise MailRefused("Nobody is there.")

    async def take(self, mail: Delivered) -> None:
        self.begun.set()
        try:
            await self.may_keep.wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        self.kept.append(mail)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@asynccontextmanager
async def connected(port: int, trusted: Path | None = None) -> AsyncIterator[aiosmtplib.SMTP]:
    """A mail program, by TLS if it knows whom to trust."""
    context = ssl.create_default_context(cafile=trusted) if trusted else None
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=trusted is not None, tls_context=context)
    async with client:
        yield client


async def send(port: int, raw: bytes = MAIL, *, trusted: Path | None = None) -> None:
    async with connected(port, trusted) as client:
        await client.sendmail("a@b.example", ["desk@tickets.example.com"], raw)


class TestTakingMail:
    async def test_hands_over_what_came_over_the_wire(self, taker: Taker) -> None:
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port:
            await send(port)
        (mail,) = taker.kept
        assert (mail.peer, mail.sender, mail.raw) == ("127.0.0.1", "a@b.example", MAIL)
        assert mail.recipients == ("desk@tickets.example.com",)

    async def test_takes_as_much_as_it_says(self, taker: Taker) -> None:
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port:
            with pytest.raises(aiosmtplib.SMTPResponseException, match="size"):
                await send(port, b"x" * MOST_BYTES + b"\r\n.\r\n")
            async with connected(port) as client:  # one that does not announce how much it sends
                await client.helo()
                await client.mail("a@b.example")
                await client.rcpt("desk@tickets.example.com")
                with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                    await client.data((b"x" * 998 + b"\r\n") * (MOST_BYTES // 1000 + 1))
        assert refused.value.code == 552
        assert taker.kept == []

    async def test_listens_to_so_many_from_one_machine(self, taker: Taker) -> None:
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port:
            async with AsyncExitStack() as stack:
                for _ in range(MOST_FROM_ONE_PEER):
                    await stack.enter_async_context(connected(port))
                with pytest.raises((aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected)):
                    await stack.enter_async_context(connected(port))
            await send(port)
        assert len(taker.kept) == 1

    async def test_shares_its_port(self, taker: Taker) -> None:
        async with (
            taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port,
            taking_mail(taker, "127.0.0.1", port, "tickets.example.com") as same,
        ):
            await send(same)
        assert len(taker.kept) == 1


class TestTls:
    async def test_is_offered_with_a_certificate(self, taker: Taker, tmp_path: Path) -> None:
        _, trusted = make_certificate(tmp_path)
        shown = Certificate(trusted, tmp_path / "key.pem")
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com", certificate=shown) as port:
            await send(port)
            for _ in range(MOST_FROM_ONE_PEER + 1):
                await send(port, trusted=trusted)
        assert len(taker.kept) == MOST_FROM_ONE_PEER + 2

    async def test_shows_what_lies_there_by_now(self, taker: Taker, tmp_path: Path) -> None:
        _, trusted = make_certificate(tmp_path)
        shown = Certificate(trusted, tmp_path / "key.pem")
        former = trusted.read_bytes()
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com", certificate=shown) as port:
            trusted.write_text("half of it")
            trusted_before = tmp_path / "former.pem"
            trusted_before.write_bytes(former)
            await send(port, trusted=trusted_before)
            make_certificate(tmp_path)
            os.utime(trusted, (1, 1))  # no clock is so coarse that it looks like the former
            await send(port, trusted=trusted)
        assert len(taker.kept) == 2

    async def test_is_not_offered_without(self, taker: Taker) -> None:
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port, connected(port) as client:
            await client.ehlo()
            assert not client.supports_extension("starttls")


class TestEnd:
    async def test_waits_for_what_is_being_taken(self, taker: Taker) -> None:
        taker.may_keep.clear()
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(taking_mail(taker, "127.0.0.1", 0, "tickets.example.com"))
            sending = asyncio.create_task(send(port))
            await taker.begun.wait()
            ending = asyncio.create_task(stack.aclose())
            while await _answers(port):
                pass
            assert not ending.done()
            taker.may_keep.set()
            await ending
        await sending
        assert len(taker.kept) == 1

    async def test_gives_up_what_takes_too_long(self, taker: Taker) -> None:
        taker.may_keep.clear()
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com", last_seconds=0) as port:
            sending = asyncio.create_task(send(port))
            await taker.begun.wait()
        assert taker.given_up.is_set()
        with pytest.raises(aiosmtplib.SMTPException):
            await sending
        assert taker.kept == []

    async def test_hangs_up_on_who_waits(self, taker: Taker) -> None:
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(taking_mail(taker, "127.0.0.1", 0, "tickets.example.com"))
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
            await client.connect()
            await stack.aclose()
            with pytest.raises(aiosmtplib.SMTPException):
                await client.noop()
            client.close()

    async def test_of_a_connection_gives_up_its_mail(self, taker: Taker) -> None:
        taker.may_keep.clear()
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HELO me\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<desk@tickets.example.com>\r\nDATA\r\n")
            writer.write(MAIL + b".\r\n")
            await taker.begun.wait()
            writer.close()
            await taker.given_up.wait()
        assert taker.kept == []


async def _answers(port: int) -> bool:
    """Whether somebody still listens."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class TestRoom:
    async def test_is_not_taken_up_by_lines_that_hold_nothing(self, taker: Taker) -> None:
        async with taking_mail(taker, "127.0.0.1", 0, "tickets.example.com") as port:
            async with connected(port) as client:
                await client.ehlo()
                await client.mail("a@b.example")
                await client.rcpt("desk@tickets.example.com")
                with pytest.raises((aiosmtplib.SMTPException, OSError)):
                    await client.data(b"\r\n" * 2_000_000)
            await send(port)
        assert len(taker.kept) == 1
