"""The socket of a session: who may open it, what is told there, and how it ends."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.roles import Role
from app.core.clock import utcnow
from app.errors import Unavailable
from app.events.tail import Told
from app.live import channel, reading, subscriber, vigil
from app.live.messages import Message
from app.models.public import UserSessionRow
from app.tenancy.hosts import Host
from app.tenancy.mode import Mode
from tests.actors import Business, Platform
from tests.emitting import emit
from tests.live.listening import Connect, connected, token_of
from tests.people.crowd import Crowd
from tests.serving import served
from tests.tickets.conftest import Desk


class TestOpenSocket:
    async def test_tells_of_a_change_in_one_envelope(self, business: Business, connect: Connect) -> None:
        async with connect(business.owner, topics="customers", ready=False) as ear:
            ready = await ear.next()
            assert (ready["v"], ready["type"], ready["data"]) == (1, "ready", {"topics": ["customers"]})
            answer = await business.owner.post(
                "/api/v1/customers", json={"name": "Grace Hopper"}, headers={"X-Operation-Id": "tab 7, step 1"}
            )
            told = await ear.next()
            me = (await business.owner.get("/api/v1/me")).json()
            assert told == {
                "v": 1,
                "seq": told["seq"],
                "type": "customer.created",
                "tenant": business.slug,
                "mode": "live",
                "resource": "customer",
                "id": answer.json()["id"],
                "version": None,
                "actor": me["user"]["id"],
                "op_id": "tab 7, step 1",
                "data": told["data"],
                "resume_after": told["seq"],
            }
            assert told["data"] == answer.json()

    async def test_needs_the_own_origin(self, business: Business, connect: Connect) -> None:
        for origin in (None, "http://evil.example", f"https://{business.slug}.localhost.evil.example", "null"):
            async with connect(business.owner, origin=origin, ready=False) as ear:
                assert await ear.refusal() == ("cross-site-request", 4403)

    async def test_takes_no_cookie_of_another_business(
        self, business: Business, other_business: Business, connect: Connect
    ) -> None:
        cookies = {"access_token": token_of(other_business.owner)}
        async with connect(business.owner, cookies=cookies, ready=False) as ear:
            assert (await ear.refusal())[1] == 4401

    async def test_takes_no_api_token_in_a_cookie(self, business: Business, connect: Connect) -> None:
        cookies = {"access_token": await business.token("appointments:read")}
        async with connect(business.owner, cookies=cookies, ready=False) as ear:
            assert await ear.refusal() == ("token-invalid", 4401)

    async def test_keeps_businesses_and_modes_apart(
        self, app: FastAPI, business: Business, other_business: Business, connect: Connect
    ) -> None:
        async with (
            connect(business.owner, topics="appointments,calendar") as live,
            connect(business.owner, topics="appointments", sandbox=True) as sandbox,
        ):
            await emit(app, other_business, Mode.LIVE, {"number": 1})
            await emit(app, business, Mode.SANDBOX, {"number": 2})
            await emit(app, business, Mode.LIVE, {"number": 3})
            told, tried = await live.next(), await sandbox.next()
            assert (told["mode"], told["data"]) == ("live", {"number": 3})
            assert (tried["mode"], tried["data"]) == ("sandbox", {"number": 2})

    async def test_tells_platform_people_of_their_notifications_alone(
        self, platform: Platform, connect: Connect
    ) -> None:
        async with connect(platform.superuser, topics="notifications,appointments", ready=False) as ear:
            assert (await ear.until("problem"))["topic"] == "appointments"

    @pytest.mark.parametrize("query", [{"after": "-1"}, {"after": "soon"}, {"notifications_after": "x"}])
    async def test_refuses_what_cannot_be_asked(
        self, business: Business, connect: Connect, query: dict[str, str]
    ) -> None:
        async with connect(business.owner, ready=False, **query) as ear:
            problem = (await ear.next())["problem"]
            assert [error["pointer"] for error in problem["errors"]] == [*query]
            assert await ear.closed() == 4422

    async def test_a_user_has_so_many(
        self, app: FastAPI, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.state.runtime.hub, "_limits", type("Few", (), {"of_user": 1, "of_business": 9}))
        async with connect(business.owner), connect(business.owner, ready=False) as ear:
            assert await ear.refusal() == ("socket-limit", 4429)

    async def test_a_business_has_so_many(
        self, app: FastAPI, desk: Desk, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(app.state.runtime.hub, "_limits", type("Few", (), {"of_user": 9, "of_business": 1}))
        member = await desk.member()
        async with connect(desk.business.owner), connect(member.client, ready=False) as ear:
            assert await ear.refusal() == ("socket-limit", 4429)
        async with connect(member.client):
            """There is a place again."""


class TestTickets:
    async def test_open_one_socket(self, business: Business, connect: Connect) -> None:
        ticket = (await business.make("/live/tickets", {}))["ticket"]
        async with connect(business.owner, cookies={}, origin=None, ticket=ticket, topics="customers") as ear:
            await business.make("/customers", {"name": "Grace Hopper"})
            assert (await ear.next())["type"] == "customer.created"
        async with connect(business.owner, cookies={}, origin=None, ticket=ticket, ready=False) as ear:
            assert await ear.refusal() == ("unauthenticated", 4401)

    async def test_are_for_the_host_they_were_asked_for_at(
        self, business: Business, other_business: Business, connect: Connect
    ) -> None:
        ticket = (await business.make("/live/tickets", {}))["ticket"]
        async with connect(other_business.owner, cookies={}, origin=None, ticket=ticket, ready=False) as ear:
            assert (await ear.refusal())[1] == 4401

    async def test_are_in_the_mode_they_were_asked_for_in(
        self, app: FastAPI, business: Business, connect: Connect
    ) -> None:
        made = await business.in_sandbox().post("/api/v1/live/tickets")
        query = {"ticket": made.json()["ticket"], "topics": "appointments"}
        async with connect(business.owner, cookies={}, origin=None, **query) as ear:
            await emit(app, business, Mode.LIVE)
            await emit(app, business, Mode.SANDBOX)
            assert (await ear.next())["mode"] == "sandbox"

    async def test_let_pages_in_whose_origin_is_listed(self, business: Business, connect: Connect) -> None:
        listed = await business.owner.patch("/api/v1/business", json={"cors_origins": ["https://app.example"]})
        assert listed.status_code == 200, listed.text
        for origin, is_let_in in {"https://app.example": True, "https://evil.example": False}.items():
            ticket = (await business.make("/live/tickets", {}))["ticket"]
            async with connect(business.owner, cookies={}, origin=origin, ticket=ticket, ready=False) as ear:
                if is_let_in:
                    assert (await ear.next())["type"] == "ready"
                else:
                    assert await ear.refusal() == ("cross-site-request", 4403)

    async def test_are_not_for_api_tokens(self, business: Business) -> None:
        client = await business.client("appointments:read")
        assert (await client.post("/api/v1/live/tickets")).json()["code"] == "in-person-only"

    async def test_are_in_no_log(self, business: Business, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        ticket = (await business.make("/live/tickets", {}))["ticket"]
        async with connect(business.owner, cookies={}, origin=None, ticket=ticket):
            assert ticket not in caplog.text


class TestEnding:
    async def test_with_the_session(self, crowd: Crowd, business: Business, connect: Connect) -> None:
        client = await crowd.session_of(business.email, business)
        async with connect(client) as ear, connect(business.owner) as bystander:
            assert (await client.post("/api/v1/auth/logout")).status_code == 204
            assert await ear.refusal() == ("session-invalid", 4401)
            await bystander.subscribe("tickets")

    async def test_with_the_sessions_time(
        self, app: FastAPI, crowd: Crowd, business: Business, connect: Connect
    ) -> None:
        client = await crowd.session_of(business.email, business)
        (session_id,) = [
            each["id"] for each in (await client.get("/api/v1/me/sessions")).json()["items"] if each["is_current"]
        ]
        async with connect(client) as ear:
            row = UserSessionRow
            await crowd.change(update(row).where(row.id == UUID(session_id)).values(expires_at=utcnow()))
            app.state.runtime.hub._vigil._watchers.drop(f"session:{session_id}")  # noqa: SLF001 — as time alone would
            app.state.principals.cache.clear()
            assert await ear.refusal() == ("session-invalid", 4401)

    async def test_with_the_permission(self, desk: Desk, connect: Connect) -> None:
        member = await desk.member("customers")
        async with connect(member.client, topics="customers") as ear:
            path = f"/api/v1/staff/{member.id}"
            changed = await desk.business.owner.patch(path, json={"areas": []})
            assert changed.status_code == 200, changed.text
            assert await ear.refusal() == ("permission-denied", 4403)

    async def test_goes_on_where_the_permission_is_not_of_use(self, desk: Desk, connect: Connect) -> None:
        member = await desk.member("customers")
        async with connect(member.client, topics="services") as ear:
            changed = await desk.business.owner.patch(f"/api/v1/staff/{member.id}", json={"areas": []})
            assert changed.status_code == 200, changed.text
            assert await ear.subscribe("customers") == ["services"]

    async def test_with_the_business(self, platform: Platform, business: Business, connect: Connect) -> None:
        async with connect(business.owner) as ear:
            path = f"/api/v1/platform/tenants/{business.id}"
            suspended = await platform.superuser.patch(path, json={"status": "suspended"})
            assert suspended.is_success, suspended.text
            assert await ear.refusal() == ("tenant-suspended", 4403)

    async def test_with_the_mode_in_every_tab(self, business: Business, connect: Connect) -> None:
        async with (
            connect(business.owner) as tab,
            connect(business.owner) as other_tab,
            connect(business.owner, sandbox=True) as there_already,
        ):
            toggled = await business.owner.post("/api/v1/sandbox/toggle", json={"enabled": True})
            business.owner.cookies.clear()
            assert toggled.status_code == 200
            for each in (tab, other_tab):
                assert (await each.next())["data"] == {"mode": "sandbox"}
                assert await each.closed() == 4409
            await there_already.subscribe("tickets")

    async def test_with_the_masquerade(self, crowd: Crowd, business: Business, connect: Connect) -> None:
        member = await crowd.add(Role.TENANT_STAFF, business, areas=["customers"])
        masked = await crowd.masked(business, member.id)
        async with connect(masked, topics="customers,notifications") as ear:
            await business.make("/customers", {"name": "Grace Hopper"})
            await ear.until("customer.created")
            await ear.say("subscribe", topics=["tickets"])  # which they may not see
            assert (await ear.until("problem"))["topic"] == "tickets"
            assert (await masked.delete("/api/v1/masquerade")).status_code == 204
            assert await ear.refusal() == ("session-invalid", 4401)

    async def test_where_nobody_would_tell_it_is_asked_before_anything_is_told(
        self, app: FastAPI, crowd: Crowd, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = await crowd.session_of(business.email, business)
        async with connect(client, topics="customers") as ear:
            watchers = app.state.runtime.hub._vigil._watchers  # noqa: SLF001 — as if its connection had been lost
            monkeypatch.setattr(watchers, "drop", lambda _tag: None)
            monkeypatch.setattr(watchers, "enabled", False)
            await client.post("/api/v1/auth/logout")
            await business.make("/customers", {"name": "Grace Hopper"})
            assert await ear.refusal() == ("session-invalid", 4401)


class TestHeartbeat:
    async def test_whoever_does_not_answer_is_closed(self, app: FastAPI, business: Business) -> None:
        async with (
            served(app, ws_ping_interval=0.05, ws_ping_timeout=0.05) as port,
            connected(port, business.owner, autoping=False, ready=False) as ear,
        ):
            async with asyncio.timeout(20):
                while (heard := await ear.socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                    pass
            assert heard.data == 1011


class TestFailures:
    @pytest.mark.parametrize("failure", [Unavailable(), RuntimeError("a mistake of ours")])
    async def test_lose_nothing(
        self,
        app: FastAPI,
        business: Business,
        connect: Connect,
        monkeypatch: pytest.MonkeyPatch,
        failure: Exception,
    ) -> None:
        monkeypatch.setattr(channel, "_RETRY_SECONDS", 0.01)
        failures = [failure]

        async def prepare(session: AsyncSession, events: Sequence[Told]) -> list[Message]:
            if events and failures:
                raise failures.pop()
            return await reading.prepare(session, events)

        async with connect(business.owner, topics="appointments") as ear:
            monkeypatch.setattr(channel, "prepare", prepare)
            await emit(app, business, Mode.LIVE, {"number": 1})
            assert (await ear.next())["data"] == {"number": 1}
            assert not failures

    async def test_to_look_a_session_up_end_nobody(
        self, app: FastAPI, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(vigil, "_RETRY_SECONDS", 0.01)
        async with connect(business.owner) as ear:
            failures = [Unavailable()]
            resolve = app.state.hosts.resolve

            async def fail(header: str, *, now: datetime) -> Host:
                if failures:
                    raise failures.pop()
                found: Host = await resolve(header, now=now)
                return found

            monkeypatch.setattr(app.state.hosts, "resolve", fail)
            app.state.runtime.hub._vigil._watchers.clear()  # noqa: SLF001 — as when a connection is made anew
            while failures:  # noqa: ASYNC110 — it is looked up by another task
                await asyncio.sleep(0)
            assert await ear.subscribe("tickets") == ["tickets"]


class TestClientsMessages:
    @pytest.mark.parametrize("said", ["hello", "[]", '{"type": "shout"}', '{"type": "subscribe", "topics": 1}'])
    async def test_that_make_no_sense_are_refused_and_no_more(
        self, business: Business, connect: Connect, said: str
    ) -> None:
        async with connect(business.owner) as ear:
            await ear.socket.send_str(said)
            assert (await ear.next())["problem"]["status"] in {400, 422}
            assert await ear.subscribe("tickets") == ["tickets"]

    async def test_are_small(self, business: Business, connect: Connect) -> None:
        async with connect(business.owner) as ear:
            await ear.socket.send_str(json.dumps({"type": "pong", "ref": "x" * 5000}))
            assert await ear.refusal() == ("socket-message-too-large", 4413)

    @pytest.mark.parametrize(("times", "said"), [(130, {"what": "pong"}), (10, {"what": "subscribe", "topics": 30})])
    async def test_are_few(self, business: Business, connect: Connect, times: int, said: dict[str, Any]) -> None:
        async with connect(business.owner) as ear:
            for _ in range(times):
                topics = {"topics": ["services"] * said["topics"]} if "topics" in said else {}
                await ear.say(said["what"], **topics)
            assert await ear.refusal() == ("rate-limited", 4429)


class TestTopics:
    async def test_can_be_joined_and_left(self, business: Business, connect: Connect) -> None:
        async with connect(business.owner) as ear:
            assert await ear.subscribe("customers", "services") == ["customers", "services"]
            await ear.say("unsubscribe", topics=["customers"], ref="a")
            left = (await ear.next())["data"]
            assert left == {"topics": ["services"], "left": ["customers"], "ref": "a"}
            await business.make("/customers", {"name": "Grace Hopper"})
            assert await ear.subscribe("tickets") == ["services", "tickets"]

    async def test_are_refused_one_by_one(self, desk: Desk, connect: Connect) -> None:
        member = await desk.member()
        async with connect(member.client) as ear:
            await ear.say(
                "subscribe", topics=["customers", "weather", f"ticket:{desk.business.id}", "services"], ref="7"
            )
            refused: list[Any] = [await ear.next() for _ in range(3)]
            assert [(each["topic"], each["problem"]["code"], each["ref"]) for each in refused] == [
                ("customers", "permission-denied", "7"),
                ("weather", "validation-failed", "7"),
                (f"ticket:{desk.business.id}", "permission-denied", "7"),
            ]
            assert (await ear.next())["data"]["topics"] == ["services"]

    async def test_are_few(self, desk: Desk, connect: Connect) -> None:
        tickets = [f"ticket:{(await desk.opened())['id']}" for _ in range(2)]
        async with connect(desk.business.owner) as ear:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("app.live.hub.MOST_TOPICS", 1)
                await ear.say("subscribe", topics=tickets)
                assert (await ear.until("problem"))["problem"]["code"] == "socket-limit"


class TestSlowReader:
    async def test_is_dropped_and_can_resume(
        self, app: FastAPI, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(subscriber, "MOST_WAITING", 5)
        async with connect(business.owner, topics="appointments") as ear:
            ear.socket._conn.transport.pause_reading()  # type: ignore[union-attr] # noqa: SLF001 — nobody reads
            sent = 0
            while not any(each.ending for each in app.state.runtime.hub._joined):  # noqa: SLF001 — what it holds
                await emit(app, business, Mode.LIVE, {"number": sent, "padding": "x" * 60_000})
                sent += 1
                await asyncio.sleep(0)
                assert sent < 900
            ear.socket._conn.transport.resume_reading()  # type: ignore[union-attr] # noqa: SLF001
            heard = []
            with pytest.raises(TypeError):  # the end
                while True:
                    heard.append((await ear.next())["data"]["number"])
            assert ear.socket.close_code == 4408
        async with connect(business.owner, topics="appointments", after=ear.resume_after) as ear:
            while len(heard) < sent:
                heard.append((await ear.next())["data"]["number"])
        assert heard == [*range(sent)]
