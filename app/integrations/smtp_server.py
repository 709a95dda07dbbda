"""Taking mail over SMTP: the protocol is aiosmtpd's, what becomes of a mail is for whoever takes it to say."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP

MOST_BYTES = 25 * 1024 * 1024
MOST_RECIPIENTS = 5

_SECONDS_PER_COMMAND = 300  # also for a large mail over a slow line
_LONGEST_LINE = 64 * 1024  # RFC 5321 has 998; what programs write into one of HTML is not lost for that
_MOST_CONNECTIONS = 100
_OK = "250 2.0.0 It was taken."
_LATER = "451 4.3.0 It cannot be taken for now. Send it again later."
_BUSY = "421 4.3.2 Too many are connected. Try again later."
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


@asynccontextmanager
async def taking_mail(taker: MailTaker, host: str, port: int, hostname: str) -> AsyncIterator[int]:
    """Take mail as long as this is entered; the port that it is taken at. What is being taken at its end is put off."""
    handler = _Handler(taker)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Session(
            handler,
            hostname=hostname,
            ident="ESMTP",
            data_size_limit=MOST_BYTES,
            timeout=_SECONDS_PER_COMMAND,
            enable_SMTPUTF8=True,
        ),
        host,
        port,
    )
    taken_at = server.sockets[0].getsockname()[1]
    _log.info("taking mail at %s:%s", host, taken_at)
    try:
        yield taken_at
    finally:
        server.close()
        handler.close()
        await server.wait_closed()


class _Session(SMTP):
    """A connection that ends with the server."""

    line_length_limit = _LONGEST_LINE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.connections.add(transport)
        super().connection_made(transport)
        if len(self.event_handler.connections) > _MOST_CONNECTIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(f"{_BUSY}\r\n".encode())
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.connections.discard(self.transport)
        super().connection_lost(error)


class _Handler:
    """What aiosmtpd asks at each command; the names are its own."""

    def __init__(self, taker: MailTaker) -> None:
        self._taker = taker
        self.connections: set[asyncio.BaseTransport] = set()

    def close(self) -> None:
        """End every connection."""
        for transport in list(self.connections):
            transport.close()

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

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 — likewise
        mail = Delivered(
            peer=str(session.peer[0]),
            helo=session.host_name or "",
            sender=(envelope.mail_from or "").strip("<>"),
            recipients=tuple(envelope.rcpt_tos),
            raw=envelope.original_content or b"",
        )
        try:
            await self._taker.take(mail)
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

    async def handle_exception(self, error: Exception) -> str:
        """See aiosmtpd: what the protocol itself stumbles over."""
        _log.warning("a connection made no sense: %s", error)
        return "500 5.5.2 That was not understood."
