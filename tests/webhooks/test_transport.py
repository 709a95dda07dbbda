import asyncio
import gzip
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook

from app.webhooks.signature import new_secret, sign
from app.webhooks.transport import MOST_HEADERS, MOST_OF_HEADERS, WebhookTransport
from tests.webhooks.answering import ScriptedResolver, accept, receiving


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
        async with receiving(accept) as receiver:
            await transport.send(receiver.url(), {"X-Shop": "north"}, b"{}")
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

    async def test_keeps_the_headers_of_the_answer_as_far_as_there_is_room(self, transport: WebhookTransport) -> None:
        async def answer(_request: web.Request) -> web.Response:
            response = web.Response(headers={"X-Long": "x" * 600, "X-Caf": "café"})
            response.headers.add("X-Twice", "1")
            response.headers.add("x-twice", "2")
            for number in range(60):
                response.headers[f"X-{number}"] = "y" * 200
            return response

        async with receiving(answer) as receiver:
            kept = (await transport.send(receiver.url(), {}, b"{}")).response_headers
        assert (kept["x-long"], kept["x-caf"], kept["x-twice"]) == ("x" * 500, "café", "1, 2")
        assert len(kept) <= MOST_HEADERS
        assert 7_500 < sum(len(name) + len(value) for name, value in kept.items()) <= MOST_OF_HEADERS

    async def test_keeps_no_bytes_that_are_no_text(self, transport: WebhookTransport) -> None:
        async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nX-Odd: \xff\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            outcome = await transport.send(f"http://127.0.0.1:{port}/", {}, b"{}")
        assert outcome.response_headers == {"x-odd": "?", "content-length": "0"}

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
