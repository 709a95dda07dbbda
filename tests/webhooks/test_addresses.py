import re
from collections.abc import AsyncIterator

import pytest

from app.webhooks.transport import AddressRefusedError, PublicResolver, WebhookTransport
from tests.webhooks.answering import ScriptedResolver, accept, accept_and_close, receiving


@pytest.fixture
async def transport() -> AsyncIterator[WebhookTransport]:
    async with WebhookTransport(allow_loopback=True) as transport:
        yield transport


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
