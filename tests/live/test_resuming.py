"""A connection that is lost loses nothing."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.core.ids import first_uuid7, uuid7
from app.db.session import do_what_is_left
from app.events.catalogue import EventType
from app.events.outbox import Event, record
from app.live import channel
from app.models.tenant import EventRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from tests.actors import Business
from tests.emitting import emit
from tests.live.listening import Connect, Ear

TOPIC = {"topics": "appointments"}


def an_event(number: int) -> Event:
    return Event(EventType.APPOINTMENT_CREATED, utcnow(), uuid7(), {"number": number})


async def numbers(ear: Ear, count: int) -> list[int]:
    return [(await ear.next())["data"]["number"] for _ in range(count)]


@pytest.fixture
async def tenant(app: FastAPI, business: Business) -> Tenant:
    found: Tenant = (await app.state.hosts.resolve(business.host, now=utcnow())).tenant
    return found


class TestResume:
    async def test_from_what_is_at_hand(self, app: FastAPI, business: Business, connect: Connect) -> None:
        async with connect(business.owner, **TOPIC):  # keeps the channel
            async with connect(business.owner, **TOPIC) as ear:
                await emit(app, business, Mode.LIVE, {"number": 1})
                assert await numbers(ear, 1) == [1]
            for number in (2, 3):
                await emit(app, business, Mode.LIVE, {"number": number})
            async with connect(business.owner, **TOPIC, after=ear.resume_after) as again:
                assert await numbers(again, 2) == [2, 3]
                await emit(app, business, Mode.LIVE, {"number": 4})
                assert await numbers(again, 1) == [4]

    async def test_from_the_database(self, app: FastAPI, business: Business, connect: Connect) -> None:
        async with connect(business.owner, **TOPIC) as ear:
            await emit(app, business, Mode.LIVE, {"number": 1})
            assert await numbers(ear, 1) == [1]
        for number in (2, 3):
            await emit(app, business, Mode.LIVE, {"number": number})
        async with connect(business.owner, **TOPIC, after=ear.resume_after) as again:
            assert await numbers(again, 2) == [2, 3]
            await emit(app, business, Mode.LIVE, {"number": 4})
            assert await numbers(again, 1) == [4]

    @pytest.mark.parametrize("is_attached", [True, False])
    async def test_misses_nothing_that_was_being_committed(
        self, app: FastAPI, business: Business, tenant: Tenant, connect: Connect, *, is_attached: bool
    ) -> None:
        """An earlier number that appears later is told, whether the channel knows of it or begins meanwhile."""
        async with connect(business.owner, **TOPIC) as ear:
            async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
                await _write(session, 1)
                await emit(app, business, Mode.LIVE, {"number": 2})
                assert await numbers(ear, 1) == [2]
                if not is_attached:
                    await ear.socket.close()
                    ear = await self._again(connect, business, ear)  # noqa: PLW2901 — the same client
            assert await numbers(ear, 1) == [1]
            await ear.socket.close()

    async def _again(self, connect: Connect, business: Business, ear: Ear) -> Ear:
        self.opened = connect(business.owner, **TOPIC, after=ear.resume_after)
        again = await self.opened.__aenter__()
        assert await numbers(again, 1) == [2]  # once more: it lies beyond what is certain
        return again

    async def test_heartbeats_say_how_far_it_has_come(
        self, app: FastAPI, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.live.hub.HEARTBEAT_SECONDS", 1)
        async with connect(business.owner, topics="tickets") as ear, connect(business.owner, **TOPIC) as witness:
            before = ear.resume_after
            await emit(app, business)
            told = await witness.next()
            while True:
                heard = await ear.socket.receive_json()
                assert heard["type"] == "ping"
                if heard["resume_after"] > before:
                    break
            assert heard["resume_after"] == told["resume_after"]


class TestResync:
    async def test_where_too_much_was_missed(
        self, app: FastAPI, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(channel, "MOST_REPLAYED", 2)
        for _ in range(4):
            await emit(app, business)
        async with connect(business.owner, **TOPIC, after=0) as ear:
            assert (await ear.next())["type"] == "resync"
            await emit(app, business, Mode.LIVE, {"number": 7})
            assert await numbers(ear, 1) == [7]

    async def test_where_it_is_forgotten(
        self, app: FastAPI, business: Business, tenant: Tenant, connect: Connect
    ) -> None:
        for _ in range(3):
            await emit(app, business)
        async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            await session.execute(delete(EventRow).where(EventRow.sequence <= 2))
            long_ago = first_uuid7(utcnow() - timedelta(hours=1))
            await session.execute(update(EventRow).values(id=long_ago))
        async with connect(business.owner, **TOPIC, after=1) as ear:
            resync = await ear.next()
            assert (resync["type"], resync["resume_after"]) == ("resync", 3)

    async def test_where_the_number_is_of_another_time(
        self, app: FastAPI, business: Business, connect: Connect
    ) -> None:
        await emit(app, business)
        async with connect(business.owner, **TOPIC, after=10**9) as ear:
            assert (await ear.next())["type"] == "resync"

    async def test_not_where_another_process_was_ahead(
        self, app: FastAPI, business: Business, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with connect(business.owner, **TOPIC) as ear:

            async def lost(*_channels: str) -> None:
                """Redis is away."""

            monkeypatch.setattr(app.state.runtime.broadcast, "call", lost)
            assert ear.resume_after is not None
            await emit(app, business, Mode.LIVE, {"number": 1})
            while app.state.runtime.broadcast._saying:  # noqa: ASYNC110, SLF001 — the call that is lost
                await asyncio.sleep(0)
            monkeypatch.undo()
            async with connect(business.owner, **TOPIC, after=ear.resume_after + 1) as ahead:
                await emit(app, business, Mode.LIVE, {"number": 2})
                assert await numbers(ahead, 2) == [1, 2]  # the first one once more: clients pass it over


async def _write(session: AsyncSession, number: int) -> None:
    record(session, an_event(number))
    await do_what_is_left(session)
