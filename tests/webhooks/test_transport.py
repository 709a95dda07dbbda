import asyncio
import gzip
import json
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook

from app.webhooks.signature import new_secret, sign
from app.webhooks.transport import AddressRefusedError, PublicResolver, WebhookTransport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """A real HTTP server on a free port of this machine, which keeps what it received."""

    def __init__(self, handler: Handler) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._handler = handler
        self.server = TestServer(app)
        self.requests: list[web.Request] = []

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.requests.append(request)
        return await self._handler(request)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.server.port}/hook"


@asynccontextmanager
async def receiving(handler: Handler, ssl_context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(handler)
    await receiver.server.start_server(ssl=ssl_context)
    try:
        yield receiver
    finally:
        await receiver.server.close()


class ScriptedResolver(AbstractResolver):
    """Gives each look-up the next answer of the script; without one, it knows no name."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if not self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Hold nothing."""


async def accept(_request: web.Request) -> web.Response:
    return web.Response(text="thanks")


async def accept_and_close(_request: web.Request) -> web.Response:
    response = web.Response(text="thanks")
    response.force_close()
    return response


@pytest.fixture
async def transport() -> AsyncIterator[WebhookTransport]:
    async with WebhookTransport(allow_loopback=True) as transport:
        yield transport


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "receiver.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


class TestSend:
    async def test_the_official_library_verifies_what_arrives(self, transport: WebhookTransport) -> None:
        secret, now, body = new_secret(), int(time.time()), '{"name":"Zoë 予約"}'.encode()
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(now),
            "webhook-signature": sign([new_secret(), secret], "msg_1", now, body),
        }
        async with receiving(accept) as receiver:
            outcome = await transport.send(receiver.url(), headers, body)
        (request,) = receiver.requests
        received = await request.read()
        assert outcome.succeeded
        assert received == body
        assert Webhook(secret).verify(received, dict(request.headers)) == json.loads(body)

    async def test_says_who_sends_and_what(self, transport: WebhookTransport) -> None:
        theirs = {"user-agent": "curl", "content-type": "text/plain", "X-Shop": "north"}
        async with receiving(accept) as receiver:
            await transport.send(receiver.url(), theirs, b"{}")
        headers = receiver.requests[0].headers
        assert headers.getall("User-Agent") == ["SmoothSchedule-Webhooks/1"]
        assert headers.getall("Content-Type") == ["application/json"]
        assert headers["X-Shop"] == "north"

    @pytest.mark.parametrize("status", [200, 201, 204, 299, 304, 400, 410, 429, 500, 503])
    async def test_only_a_2xx_is_a_success(self, transport: WebhookTransport, status: int) -> None:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=status)

        async with receiving(answer) as receiver:
            outcome = await transport.send(receiver.url(), {}, b"{}")
        assert (outcome.status, outcome.error) == (status, None)
        assert outcome.succeeded is (status < 300)

    async def test_keeps_what_the_receiver_said(self, transport: WebhookTransport) -> None:
        async def refuse(_request: web.Request) -> web.Response:
            return web.Response(status=503, body=b"caf\xc3\xa9\0 \xff", headers={"Retry-After": "120"})

        async with receiving(refuse) as receiver:
            outcome = await transport.send(receiver.url(), {}, b"{}")
        assert outcome.response_excerpt == "café\ufffd \ufffd"
        assert outcome.retry_after == 120
        assert outcome.duration_ms >= 0

    async def test_keeps_a_connection_for_the_next_event(self) -> None:
        resolver = ScriptedResolver(["127.0.0.1"])  # a second connection would find no address
        async with (
            receiving(accept) as receiver,
            WebhookTransport(allow_loopback=True, resolver=resolver) as transport,
        ):
            outcomes = [await transport.send(receiver.url("hooks.example.com"), {}, b"{}") for _ in range(3)]
        assert [outcome.succeeded for outcome in outcomes] == [True, True, True]

    async def test_keeps_no_cookies(self, transport: WebhookTransport) -> None:
        async def give_cookie(_request: web.Request) -> web.Response:
            response = web.Response()
            response.set_cookie("session", "1")
            return response

        async with receiving(give_cookie) as receiver:
            for _ in range(2):
                await transport.send(receiver.url("localhost"), {}, b"{}")
        assert [request.headers.get("Cookie") for request in receiver.requests] == [None, None]

    async def test_follows_no_proxy_of_the_environment(
        self, transport: WebhookTransport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        async with receiving(accept) as receiver:
            outcome = await transport.send(receiver.url(), {}, b"{}")
        assert outcome.succeeded

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_follows_no_redirect(self, transport: WebhookTransport, status: int) -> None:
        async def redirect(_request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": "/latest/meta-data"})

        async with receiving(redirect) as receiver:
            outcome = await transport.send(receiver.url(), {}, b"{}")
        assert (outcome.status, outcome.succeeded) == (status, False)
        assert [request.path for request in receiver.requests] == ["/hook"]


class TestSendToATroubledReceiver:
    async def test_gives_up_on_one_that_hangs(self) -> None:
        released = asyncio.Event()

        async def hang(_request: web.Request) -> web.Response:
            await released.wait()
            return web.Response()

        async with (
            receiving(hang) as receiver,
            WebhookTransport(allow_loopback=True, timeout_seconds=0.1) as transport,
        ):
            outcome = await transport.send(receiver.url(), {}, b"{}")
            released.set()
        assert (outcome.status, outcome.error) == (None, "No answer within 0.1 seconds")
        assert not outcome.succeeded

    async def test_a_dripping_body_is_cut_off_and_the_status_stands(self) -> None:
        released = asyncio.Event()

        async def drip(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"part")
            await released.wait()
            return response

        async with (
            receiving(drip) as receiver,
            WebhookTransport(allow_loopback=True, timeout_seconds=1) as transport,
        ):
            outcome = await transport.send(receiver.url(), {}, b"{}")
            released.set()
        assert (outcome.status, outcome.error, outcome.response_excerpt) == (200, None, "part")

    async def test_reads_4_kib_of_an_endless_body_and_hangs_up(self, transport: WebhookTransport) -> None:
        hung_up = asyncio.Event()

        async def flood(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(status=500)
            await response.prepare(request)
            try:
                while True:
                    await response.write(b"x" * 8192)
            finally:
                hung_up.set()

        async with receiving(flood) as receiver:
            outcome = await transport.send(receiver.url(), {}, b"{}")
            await hung_up.wait()
        assert (outcome.status, outcome.response_excerpt) == (500, "x" * 4096)

    async def test_unpacks_no_compression_bomb(self, transport: WebhookTransport) -> None:
        bomb = gzip.compress(bytes(1_000_000))

        async def explode(_request: web.Request) -> web.Response:
            return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

        async with receiving(explode) as receiver:
            outcome = await transport.send(receiver.url(), {}, b"{}")
        assert outcome.succeeded
        assert len(outcome.response_excerpt) <= len(bomb)
        assert receiver.requests[0].headers["Accept-Encoding"] == "identity"

    async def test_reports_a_refused_connection(self, transport: WebhookTransport) -> None:
        with socket.socket() as unheard:
            unheard.bind(("127.0.0.1", 0))
            outcome = await transport.send(f"http://127.0.0.1:{unheard.getsockname()[1]}/", {}, b"{}")
        assert (outcome.status, outcome.error) == (None, "Connection failed: Connection refused")

    @pytest.mark.parametrize("answer", [b"", b"\0" * 2000 + b"\r\n\r\n"], ids=["nothing", "no HTTP"])
    async def test_reports_a_broken_answer(self, transport: WebhookTransport, answer: bytes) -> None:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            outcome = await transport.send(f"http://127.0.0.1:{port}/", {}, b"{}")
        assert (outcome.status, outcome.succeeded) == (None, False)
        assert (outcome.error or "").startswith("Request failed: ")
        assert len(outcome.error or "") <= 500
        assert "\0" not in (outcome.error or "")

    async def test_reports_a_certificate_nobody_vouches_for(
        self, transport: WebhookTransport, self_signed: ssl.SSLContext
    ) -> None:
        async with receiving(accept, self_signed) as receiver:
            outcome = await transport.send(receiver.url(scheme="https"), {}, b"{}")
        assert (outcome.status, outcome.error) == (None, "TLS failed: self-signed certificate")
        assert receiver.requests == []

    async def test_reports_a_port_that_speaks_no_tls(self, transport: WebhookTransport) -> None:
        async with receiving(accept) as receiver:
            outcome = await transport.send(receiver.url(scheme="https"), {}, b"{}")
        assert outcome.status is None
        assert (outcome.error or "").startswith("TLS failed: ")

    async def test_reports_a_name_that_does_not_exist(self) -> None:
        async with WebhookTransport(allow_loopback=False, resolver=ScriptedResolver()) as transport:
            outcome = await transport.send("https://gone.example.com/", {}, b"{}")
        assert (outcome.status, outcome.error) == (None, "Connection failed: Name or service not known")


class TestSendToCheckedAddressesOnly:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.0.0.2",
            "0.0.0.0",  # noqa: S104 -- nothing is bound to it
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "169.254.169.254",
            "localhost",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "127.1",
            "0177.0.0.1",
        ],
    )
    async def test_reaches_no_address_of_this_machine_or_network(self, host: str) -> None:
        async with receiving(accept) as receiver, WebhookTransport(allow_loopback=False) as transport:
            outcome = await transport.send(receiver.url(host), {}, b"{}")
        assert outcome.status is None
        assert re.search("not public|not a public address|not a canonical", outcome.error or "")
        assert receiver.requests == []

    @pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254"])  # noqa: S104 -- nothing is bound to it
    async def test_allowing_loopback_allows_nothing_else(self, transport: WebhookTransport, host: str) -> None:
        outcome = await transport.send(f"http://{host}:8080/", {}, b"{}")
        assert (outcome.error or "").endswith(" is not a public address")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "shop.localhost"])
    async def test_reaches_this_machine_when_allowed(self, transport: WebhookTransport, host: str) -> None:
        async with receiving(accept) as receiver:
            outcome = await transport.send(receiver.url(host), {}, b"{}")
        assert outcome.succeeded
        assert receiver.requests[0].host.partition(":")[0] == host

    async def test_a_name_that_turns_private_is_refused_at_the_next_connection(self) -> None:
        resolver = ScriptedResolver(["127.0.0.1"], ["10.0.0.1"])
        async with (
            receiving(accept_and_close) as receiver,
            WebhookTransport(allow_loopback=True, resolver=resolver) as transport,
        ):
            first = await transport.send(receiver.url("hooks.example.com"), {}, b"{}")
            second = await transport.send(receiver.url("hooks.example.com"), {}, b"{}")
        assert first.succeeded
        assert second.error == "Connection failed: hooks.example.com has an address that is not public"
        assert len(receiver.requests) == 1

    async def test_one_private_address_among_others_refuses_the_name(self) -> None:
        resolver = ScriptedResolver(["127.0.0.1", "10.0.0.1"])
        async with (
            receiving(accept) as receiver,
            WebhookTransport(allow_loopback=True, resolver=resolver) as transport,
        ):
            outcome = await transport.send(receiver.url("hooks.example.com"), {}, b"{}")
        assert outcome.error == "Connection failed: hooks.example.com has an address that is not public"
        assert receiver.requests == []

    async def test_does_not_tell_what_a_name_means_in_our_network(self) -> None:
        resolver = ScriptedResolver(["10.20.30.40"])
        async with WebhookTransport(allow_loopback=False, resolver=resolver) as transport:
            outcome = await transport.send("https://db.internal/", {}, b"{}")
        assert "10.20.30.40" not in (outcome.error or "10.20.30.40")


class TestPublicResolver:
    async def test_hands_on_the_checked_addresses(self) -> None:
        answer = ["93.184.215.14", "2606:4700::6810:84e5"]
        records = await PublicResolver(ScriptedResolver(answer), allow_loopback=False).resolve("a.example", 443)
        assert [(record["host"], record["port"]) for record in records] == [(a, 443) for a in answer]

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1%2", "100.64.0.1"])
    async def test_refuses_a_name_with_an_address_that_is_not_public(self, address: str) -> None:
        resolver = PublicResolver(ScriptedResolver(["93.184.215.14", address]), allow_loopback=False)
        with pytest.raises(AddressRefusedError):
            await resolver.resolve("a.example", 443)

    async def test_asks_nobody_for_localhost(self) -> None:
        resolver = PublicResolver(ScriptedResolver(), allow_loopback=True)
        records = await resolver.resolve("shop.localhost", 8000)
        assert [record["host"] for record in records] == ["127.0.0.1", "::1"]
