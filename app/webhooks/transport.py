"""The one way out for webhooks: an HTTP client that reaches only checked addresses and never raises."""

import errno
import os
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from app.core.clock import utcnow
from app.webhooks.destinations import is_allowed, is_localhost
from app.webhooks.retries import parse_retry_after

USER_AGENT = "SmoothSchedule-Webhooks/1"
TIMEOUT_SECONDS = 15.0
EXCERPT_BYTES = 4096
LONGEST_ERROR = 500
MOST_HEADERS = 50
LONGEST_HEADER = 500  # of an answer, name and value each: what is kept of it
MOST_OF_HEADERS = 8192  # likewise, all together

# "identity" because an excerpt of a compressed answer cannot be read, and a bomb cannot go off.
OWN_HEADERS = {"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: either the status of an answer, or the error that kept us from one."""

    status: int | None
    error: str | None
    response_excerpt: str
    duration_ms: int
    retry_after: int | None
    response_headers: dict[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took the event over: it answered with a 2xx."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class AddressRefusedError(PermissionError):
    """The host leads where webhooks do not go. An OSError, as aiohttp expects of both gates."""

    def __init__(self, detail: str) -> None:
        super().__init__(errno.EACCES, detail)


class PublicResolver(AbstractResolver):
    """Resolves a name and refuses it whole if any of its addresses is not allowed.

    aiohttp connects to the addresses given here without asking again, so the checked address is the one
    connected to, whatever the name means a moment later.
    """

    def __init__(self, resolver: AbstractResolver, *, allow_loopback: bool) -> None:
        self._resolver = resolver
        self._allow_loopback = allow_loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Give the checked addresses. OSError for none, AddressRefusedError for one that is not allowed."""
        if self._allow_loopback and is_localhost(host):
            return [_record(host, "127.0.0.1", port), _record(host, "::1", port)]
        records = await self._resolver.resolve(host, port, family)
        if not all(is_allowed(record["host"], allow_loopback=self._allow_loopback) for record in records):
            # Without the address: it could come from the DNS of the network we run in.
            raise AddressRefusedError(f"{host} has an address that is not public")
        return records

    async def close(self) -> None:
        """Close the resolver underneath."""
        await self._resolver.close()


class WebhookTransport:
    """Sends webhooks over connections kept open per host; enter it once per process, send concurrently."""

    _session: aiohttp.ClientSession

    def __init__(
        self,
        *,
        allow_loopback: bool,
        timeout_seconds: float = TIMEOUT_SECONDS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """`timeout_seconds` bounds an attempt from the look-up of the name to the end of the answer.

        `resolver` replaces the system's; its answers are checked all the same.
        """
        self._allow_loopback = allow_loopback
        self._timeout_seconds = timeout_seconds
        self._given_resolver = resolver

    async def __aenter__(self) -> Self:
        resolver = self._given_resolver or aiohttp.ThreadedResolver()
        self._resolver = PublicResolver(resolver, allow_loopback=self._allow_loopback)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver,
                use_dns_cache=False,
                socket_factory=self._open_socket,
                limit=0,  # the caller bounds what is under way; per host would let one business delay another
            ),
            headers=OWN_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
            auto_decompress=False,
            read_bufsize=EXCERPT_BYTES,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._session.close()
        await self._resolver.close()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """POST the body as JSON, and never raise for what the network or the receiver does.

        `url` has passed `validate_url`; `headers` are fit to send, beside our own. Once a status has come the attempt
        is decided: an answer that then breaks off or drips until the time is up only has a shorter excerpt.
        """
        started = time.perf_counter()
        status, error, excerpt, retry_after = None, None, "", None
        answered: dict[str, str] = {}
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
                answered = _keep_headers(response.headers)
                if "Retry-After" in response.headers:
                    retry_after = parse_retry_after(response.headers["Retry-After"], utcnow())
                excerpt = await _read_excerpt(response)
        except (aiohttp.ClientError, OSError) as failure:
            error = self._explain(failure)
        duration_ms = round((time.perf_counter() - started) * 1000)
        return Outcome(status, error, excerpt, duration_ms, retry_after, answered)

    def _open_socket(self, address_info: aiohttp.AddrInfoType) -> socket.socket:
        """Open a socket to one address: the last gate, and the only one for a URL without a name."""
        family, kind, protocol, _, address = address_info
        if not is_allowed(str(address[0]), allow_loopback=self._allow_loopback):
            raise AddressRefusedError(f"{address[0]} is not a public address")
        return socket.socket(family, kind, protocol)

    def _explain(self, failure: aiohttp.ClientError | OSError) -> str:
        if isinstance(failure, TimeoutError):
            return f"No answer within {self._timeout_seconds:g} seconds"
        if isinstance(failure, aiohttp.ClientSSLError):
            return f"TLS failed: {_tls_fault(failure)}"
        if isinstance(failure, aiohttp.ClientConnectorError):
            return f"Connection failed: {_connection_fault(failure)}"
        return _storable(f"Request failed: {failure}"[:LONGEST_ERROR])


def _record(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)


def _keep_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer, in lower case, as far as there is room for them. Repeated ones are joined."""
    kept: dict[str, str] = {}
    room = MOST_OF_HEADERS
    for raw_name, raw_value in islice(headers.items(), MOST_HEADERS):
        name, value = _storable(raw_name.lower())[:LONGEST_HEADER], _storable(raw_value)[:LONGEST_HEADER]
        room -= len(name) + len(value)
        if room < 0:
            break
        kept[name] = f"{kept[name]}, {value}" if name in kept else value
    return kept


def _storable(text: str) -> str:
    """Text that a database takes: without NUL, and without the surrogates that stand for bytes that are no UTF-8."""
    if text.isascii() and "\0" not in text:  # as good as always
        return text
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


async def _read_excerpt(response: aiohttp.ClientResponse) -> str:
    """Read at most 4 KiB as text a database can store. What follows them closes the connection unread."""
    excerpt = bytearray()
    with suppress(aiohttp.ClientError, OSError):
        async for chunk in response.content.iter_chunked(EXCERPT_BYTES):
            excerpt += chunk
            if len(excerpt) >= EXCERPT_BYTES:
                break
    return _storable(excerpt[:EXCERPT_BYTES].decode(errors="replace"))


def _tls_fault(failure: aiohttp.ClientSSLError) -> str:
    cause = failure.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    return cause.reason if isinstance(cause, ssl.SSLError) else str(cause)


def _connection_fault(failure: aiohttp.ClientConnectorError) -> str:
    cause = failure.os_error
    if isinstance(cause, AddressRefusedError | socket.gaierror) or not cause.errno:
        return cause.strerror or str(cause)
    return os.strerror(cause.errno)
