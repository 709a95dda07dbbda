"""Taking mail over SMTP: the protocol is aiosmtpd's, what becomes of a mail is for whoever takes it to say."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, AnyStr, Protocol

from aiosmtpd.smtp import SMTP

MOST_BYTES = 25 * 1024 * 1024
MOST_RECIPIENTS = 5
MOST_FROM_ONE_PEER = 10
LAST_SECONDS = 10.0

_SECONDS_OF_A_SESSION = 900.0
_SECONDS_PER_COMMAND = 300  # also for a large mail over a slow line
_MOST_OF_A_COMMAND = 100
_MOST_CONNECTIONS = 100
_MOST_HELD_OF_ONE = 64 * 1024**2
_MOST_HELD = 512 * 1024**2
"""Bytes of memory of the mails that are coming in, of one session and of all."""
_BYTES_OF_A_LINE = 64  # aiosmtpd keeps each by itself, be it empty
_LONGEST_LINE = 64 * 1024  # RFC 5321 has 998; what programs write into one of HTML is not lost for that
_OK = "250 2.0.0 It was taken."
_LATER = "451 4.3.0 It cannot be taken for now. Send it again later."
_BUSY = "421 4.3.2 Too many are connected. Try again later."
_ENDING = "421 4.3.2 Another will be here soon. Try again later."
_TOO_LARGE = "421 4.3.1 There is no room for so much. Try again later."
_TOO_MANY = "452 4.5.3 It has too many recipients."
_log = logging.getLogger(__name__)


class MailRefused(Exception):
    """A mail, or one of its recipients, that will not be taken, now or later. The text says why."""


class MailPutOff(Exception):
    """A mail that is not taken for now: its sender tries again. The text says why."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail as it came over the wire, with what its sender's machine said of itself."""

    peer: str
    helo: str
    sender: str
    """Of the envelope; empty for a bounce."""
    recipients: tuple[str, ...]
    raw: bytes


class MailTaker(Protocol):
    """Decides about mail. Whatever it raises besides MailRefused puts the mail off, expected or not."""

    async def check_recipient(self, address: str) -> None:
        """Raise MailRefused unless mail to this address is taken."""
        ...

    async def take(self, mail: Delivered) -> None:
        """Keep it for good before this returns. Raises MailRefused and MailPutOff."""
        ...


class Certificate:
    """What we show to who wants to send by TLS. What lies in its place later is shown from then on."""

    def __init__(self, chain: Path, key: Path) -> None:
        """Read both. Raises OSError and ssl.SSLError."""
        self._chain, self._key = chain, key
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._read_at = self._written_at()
        self._context.load_cert_chain(chain, key)

    @property
    def context(self) -> ssl.SSLContext:
        """For a connection that begins now."""
        try:
            written_at = self._written_at()
            if written_at != self._read_at:
                self._context.load_cert_chain(self._chain, self._key)
                self._read_at = written_at
        except (OSError, ssl.SSLError):  # half of it is there, perhaps: the former one goes on
            _log.warning("the certificate for incoming mail cannot be read again", exc_info=True)
        return self._context

    def _written_at(self) -> tuple[int, int]:
        return self._chain.stat().st_mtime_ns, self._key.stat().st_mtime_ns


@asynccontextmanager
async def taking_mail(
    taker: MailTaker,
    host: str,
    port: int,
    hostname: str,
    *,
    certificate: Certificate | None = None,
    last_seconds: float = LAST_SECONDS,
) -> AsyncIterator[int]:
    """Take mail as long as this is entered; the port that it is taken at.

    What is being taken at its end has so many seconds more, and comes again then. Several processes can share a port.
    """
    handler = _Handler(taker)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Session(
            handler,
            hostname=hostname,
            ident="ESMTP",
            data_size_limit=MOST_BYTES,
            timeout=_SECONDS_PER_COMMAND,
            command_call_limit=_MOST_OF_A_COMMAND,
            tls_context=certificate.context if certificate else None,
            enable_SMTPUTF8=True,
        ),
        host,
        port,
        reuse_port=True,
    )
    taken_at = server.sockets[0].getsockname()[1]
    _log.info("taking mail at %s:%s", host, taken_at)
    try:
        yield taken_at
    finally:
        server.close()
        await handler.end(last_seconds)
        await server.wait_closed()


class _Session(SMTP):
    """A connection that ends with the server."""

    line_length_limit = _LONGEST_LINE
    peer = ""
    held = 0
    """How much memory the mail takes that is coming in."""
    deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        handler: _Handler = self.event_handler
        self.peer = str((transport.get_extra_info("peername") or [""])[0])
        is_too_many = self not in handler.sessions and not handler.has_room_for(self.peer)
        handler.sessions.add(self)  # once more with TLS
        super().connection_made(transport)
        if is_too_many:
            self.hang_up(_BUSY)
        elif self.deadline is None:
            self.deadline = asyncio.get_running_loop().call_later(_SECONDS_OF_A_SESSION, self.hang_up, _BUSY)

    def _cb_client_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super()._cb_client_connected(_Counted(reader, self), writer)  # type: ignore[arg-type] # as far as it is asked

    def hold(self, line: bytes) -> None:
        """Count a line that is kept. For more than there is room for it ends the connection: raises CancelledError."""
        handler: _Handler = self.event_handler
        self.held += len(line) + _BYTES_OF_A_LINE
        if self.held > _MOST_HELD_OF_ONE or sum(session.held for session in handler.sessions) > _MOST_HELD:
            self.hang_up(_TOO_LARGE)
            raise asyncio.CancelledError

    def connection_lost(self, error: Exception | None) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
        self.held = 0
        self.event_handler.forget(self)
        super().connection_lost(error)

    async def push(self, status: AnyStr) -> None:
        """Answer a command; the answer to a mail settles it."""
        await super().push(status)
        self.held = 0
        handler: _Handler = self.event_handler
        handler.settle(self)
        if handler.is_ending:
            self.hang_up(_ENDING)

    def hang_up(self, farewell: str) -> None:
        """End the connection, once what was said has been sent."""
        if isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing():
            self.transport.write(f"{farewell}\r\n".encode())
            self.transport.close()


class _Counted:
    """A reader that tells its session of each line."""

    def __init__(self, reader: asyncio.StreamReader, session: _Session) -> None:
        self._reader = reader
        self._session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """See StreamReader."""
        line = await self._reader.readuntil(separator)
        self._session.hold(line)
        return line


class _Handler:
    """What aiosmtpd asks at each command; the names are its own."""

    def __init__(self, taker: MailTaker) -> None:
        self._taker = taker
        self._takes: dict[_Session, asyncio.Task[None]] = {}
        self._is_settled = asyncio.Event()
        self._is_settled.set()
        self.sessions: set[_Session] = set()
        self.is_ending = False

    def has_room_for(self, peer: str) -> bool:
        """Whether one more connection from there is listened to."""
        from_there = sum(session.peer == peer for session in self.sessions)
        return len(self.sessions) < _MOST_CONNECTIONS and from_there < MOST_FROM_ONE_PEER

    def settle(self, session: _Session) -> None:
        """Note that whoever sent a mail knows what became of it."""
        self._takes.pop(session, None)
        if not self._takes:
            self._is_settled.set()

    def forget(self, session: _Session) -> None:
        """Note that a connection has ended; what was being taken is given up, and comes again."""
        self.sessions.discard(session)
        if take := self._takes.get(session):
            take.cancel()
        self.settle(session)

    async def end(self, seconds: float) -> None:
        """End every connection: at once those that wait, the others once it is known what becomes of their mails."""
        self.is_ending = True
        for session in self.sessions - self._takes.keys():
            session.hang_up(_ENDING)
        takes = list(self._takes.values())
        try:
            async with asyncio.timeout(seconds):
                await self._is_settled.wait()
        except TimeoutError:
            _log.warning("%s mails are put off", len(self._takes))
        for take in takes:
            take.cancel()
        await asyncio.gather(*takes, return_exceptions=True)
        for session in list(self.sessions):
            session.hang_up(_ENDING)

    async def handle_RCPT(  # noqa: N802 — as aiosmtpd calls it
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return _TOO_MANY
        try:
            await self._taker.check_recipient(address)
        except MailRefused as refusal:
            return f"550 5.1.1 {refusal}"
        except Exception:  # noqa: BLE001 — nothing is lost: whoever sends it tries again
            _log.exception("a recipient could not be looked up")
            return _LATER
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: _Session, session: Any, envelope: Any) -> str:  # noqa: N802 — likewise
        mail = Delivered(
            peer=str(session.peer[0]),
            helo=session.host_name or "",
            sender=(envelope.mail_from or "").strip("<>"),
            recipients=tuple(envelope.rcpt_tos),
            raw=envelope.original_content or b"",
        )
        try:
            await self._take(server, mail)
        except MailRefused as refusal:
            _log.info("a mail was refused: %s", refusal)
            return f"550 5.7.1 {refusal}"
        except MailPutOff as reason:
            _log.info("a mail was put off: %s", reason)
            return f"451 4.7.0 {reason}"
        except Exception:  # noqa: BLE001 — likewise
            _log.exception("a mail could not be taken")
            return _LATER
        return _OK

    async def _take(self, session: _Session, mail: Delivered) -> None:
        self._is_settled.clear()
        self._takes[session] = take = asyncio.create_task(self._taker.take(mail), name="mail")
        await take

    async def handle_exception(self, error: Exception) -> str:
        """See aiosmtpd: what the protocol itself stumbles over."""
        _log.warning("a connection made no sense: %s", error)
        return "500 5.5.2 That was not understood."
