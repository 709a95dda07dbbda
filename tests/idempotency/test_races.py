"""One key in several hands at once: in two processes, and on both sides of a crash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.main import create_app
from app.settings import Settings
from app.tenancy.slugs import schema_name
from tests.actors import Business
from tests.conftest import Caller
from tests.idempotency.desk import Desk, new_key, send, was_replayed
from tests.idempotency.kept import is_kept
from tests.idempotency.serving import serving
from tests.receivers import eventually
from tests.scheduling.salon import Salon, refusal
from tests.scheduling.salon import at as clock_at

AT_ONCE = 20
ROUNDS = 5
_WAITING = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%customers%'"
WAITING = text(f"SELECT count(*) {_WAITING}")
CUT = text(f"SELECT pg_terminate_backend(pid) {_WAITING}")


@pytest.fixture(scope="module")
async def other_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application once more: only the database knows of both."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def both(shop: Business, desk: Desk, other_app: FastAPI, at: Caller) -> list[Desk]:
    """The desk at either application."""
    twin = at(shop.host, app=other_app)
    twin.headers["Authorization"] = desk.client.headers["Authorization"]
    return [desk, Desk(twin)]


@asynccontextmanager
async def nobody_can_add(app: FastAPI, business: Business) -> AsyncIterator[None]:
    """Whoever adds a customer waits, with all that comes before it done, until this is over."""
    async with app.state.database.transaction(schema_name(business.slug)) as session:
        await session.execute(text("LOCK TABLE customers IN SHARE MODE"))
        yield


async def somebody_waits(app: FastAPI) -> None:
    """Return once somebody waits to add one."""

    async def check() -> bool:
        async with app.state.database.transaction() as session:
            return bool(await session.scalar(WAITING))

    await eventually(check)


async def post_and_lose_the_answer(app: FastAPI, desk: Desk, key: str) -> None:
    """Add a customer from a client that is gone when the answer is sent: after the commit."""

    async def send_to_nobody(_message: Any) -> None:
        raise ConnectionResetError

    async def gone(scope: Any, receive: Any, _send: Any) -> None:
        await app(scope, receive, send_to_nobody)

    transport = httpx.ASGITransport(gone, client=("10.255.0.1", 1))
    async with httpx.AsyncClient(
        transport=transport, base_url=desk.client.base_url, headers=desk.client.headers
    ) as client:
        with pytest.raises(ConnectionResetError):
            await Desk(client).add(key)


class TestTwoProcesses:
    async def test_do_once_what_both_are_asked_to(self, both: list[Desk]) -> None:
        for _ in range(ROUNDS):
            key = new_key()
            answers = await asyncio.gather(*(both[number % 2].add(key) for number in range(AT_ONCE)))

            made = [answer for answer in answers if answer.status_code == 201]
            assert [was_replayed(answer) for answer in made].count(False) == 1
            assert len({answer.content for answer in made}) == 1
            assert {refusal(each) for each in answers if each not in made} <= {(409, "idempotency-key-in-use")}
            assert await both[0].count(key) == 1

    async def test_book_once_where_there_would_be_room_for_two(self, shop: Business, both: list[Desk]) -> None:
        salon = await Salon.open(shop)
        service = await salon.service([await salon.resource(name) for name in ("Ada", "Bob")])
        body = {"service_id": service, "customer_id": salon.customer, "start": clock_at("10:00")}
        for desk in both:
            desk.client.headers.update(salon.desk.headers)
        key = new_key()

        answers = await asyncio.gather(
            *(send(both[number % 2].client, "/appointments", body, key) for number in range(AT_ONCE))
        )

        made = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.json()["id"] for answer in made}) == 1
        assert {refusal(each) for each in answers if each not in made} <= {(409, "idempotency-key-in-use")}
        assert (await salon.book(service, "10:00")).status_code == 201
        assert (await salon.book(service, "10:00")).status_code == 409

    async def test_see_each_other_at_work(self, app: FastAPI, shop: Business, both: list[Desk]) -> None:
        key = new_key()
        async with nobody_can_add(app, shop):
            first = asyncio.create_task(both[0].add(key))
            await somebody_waits(app)
            meanwhile = await both[1].add(key)
        made = await first
        after = await both[1].add(key)

        assert refusal(meanwhile) == (409, "idempotency-key-in-use")
        assert (made.status_code, after.status_code) == (201, 201)
        assert after.content == made.content


class TestWorkThatBeginsAnew:
    async def test_is_still_done_once(self, shop: Business) -> None:
        """Who loses the race for a resource begins in another transaction, and without the lock on the key."""
        salon = await Salon.open(shop)
        team = [await salon.resource(name) for name in ("Ada", "Bob", "Cyd")]
        service = await salon.service(team)
        body = {"service_id": service, "customer_id": salon.customer, "start": clock_at("10:00")}
        wanted = [new_key() for _ in team]

        answers = await asyncio.gather(*(send(salon.desk, "/appointments", body, key) for key in wanted * 3))
        again = [await send(salon.desk, "/appointments", body, key) for key in wanted]

        assert {answer.status_code for answer in again} == {201}
        assert len({answer.json()["id"] for answer in again}) == len(team)
        assert {each.json()["id"] for each in answers if each.status_code == 201} <= {
            answer.json()["id"] for answer in again
        }


class TestCrash:
    async def test_after_the_commit_loses_no_answer(self, app: FastAPI, both: list[Desk]) -> None:
        key = new_key()
        await post_and_lose_the_answer(app, both[0], key)
        assert await both[0].count(key) == 1

        again, once_more = await both[1].add(key), await both[0].add(key)

        assert (again.status_code, was_replayed(again)) == (201, True)
        assert again.content == once_more.content
        assert await both[0].count(key) == 1

    async def test_of_the_process_loses_what_was_not_done_and_keeps_what_was(
        self, settings: Settings, app: FastAPI, shop: Business, desk: Desk
    ) -> None:
        done, lost = new_key(), new_key()
        async with serving(settings) as server, server.client(desk.client) as client:
            made = await Desk(client).add(done)
            async with nobody_can_add(app, shop):
                attempt = asyncio.create_task(Desk(client).add(lost))
                await somebody_waits(app)
                await server.kill()
                with pytest.raises(httpx.TransportError):
                    await attempt

        async def can_be_done() -> bool:  # the database takes a moment to miss its client, and until then it is in use
            return (await desk.add(lost)).status_code == 201

        assert (await desk.count(lost), await is_kept(app, shop, lost)) == (0, False)
        await eventually(can_be_done)
        assert await desk.count(lost) == 1
        again = await desk.add(done)
        assert (again.content, was_replayed(again)) == (made.content, True)

    async def test_of_the_connection_leaves_nothing_behind(self, app: FastAPI, shop: Business, desk: Desk) -> None:
        key = new_key()
        async with nobody_can_add(app, shop):
            attempt = asyncio.create_task(desk.add(key))
            await somebody_waits(app)
            async with app.state.database.transaction() as session:
                await session.execute(CUT)
            assert refusal(await attempt) == (503, "unavailable")

        assert (await desk.add(key)).status_code == 201
        assert await desk.count(key) == 1
