from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.db.session import do_what_is_left
from app.events import tail
from app.events.outbox import record
from app.events.tail import MOST, PATIENCE, Tail, Told
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.outboxes import CANCELLED, Clock, Outbox, outbox_of

NOW = utcnow()


@pytest.fixture
async def outbox(app: FastAPI, business: Business) -> AsyncIterator[Outbox]:
    async with outbox_of(app, business, Clock()) as made:
        yield made


async def read(outbox: Outbox, reader: Tail, *, now: datetime = NOW) -> list[Told]:
    async with outbox.app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
        return await reader.read(session, now=now)


async def numbers(outbox: Outbox, reader: Tail, *, now: datetime = NOW) -> list[int]:
    return [event.sequence for event in await read(outbox, reader, now=now)]


class TestTail:
    async def test_gives_each_event_once_in_order(self, outbox: Outbox) -> None:
        reader = Tail(0)
        await outbox.emit(times=2)
        first = await numbers(outbox, reader)
        await outbox.emit()
        second = await numbers(outbox, reader)
        assert (len(first), len(second)) == (2, 1)
        assert first + second == sorted(first + second)
        assert await numbers(outbox, reader) == []

    async def test_begins_after_the_latest(self, outbox: Outbox) -> None:
        await outbox.emit(times=2)
        async with outbox.app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            reader = Tail(await tail.latest(session))
        assert await numbers(outbox, reader) == []
        await outbox.emit(CANCELLED)
        assert [event.type for event in await read(outbox, reader)] == [CANCELLED]

    async def test_gives_an_event_that_was_committed_after_one_of_a_higher_number(self, outbox: Outbox) -> None:
        reader = Tail(0)
        async with outbox.app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
            record(session, outbox.event())
            await do_what_is_left(session)
            await outbox.emit()
            (later,) = await numbers(outbox, reader)
            assert reader.resume_after == later - 2
        assert await numbers(outbox, reader) == [later - 1]
        assert reader.resume_after == later

    async def test_forgets_a_number_that_was_rolled_back(self, outbox: Outbox) -> None:
        reader = Tail(0)
        with pytest.raises(ZeroDivisionError):
            async with outbox.app.state.database.transaction(outbox.tenant.schema(Mode.LIVE)) as session:
                record(session, outbox.event())
                await do_what_is_left(session)
                _ = 1 / 0
        await outbox.emit()
        (number,) = await numbers(outbox, reader)
        assert reader.resume_after == number - 2
        assert await numbers(outbox, reader, now=NOW + PATIENCE) == []
        assert reader.resume_after == number

    async def test_reads_many_bit_by_bit(self, outbox: Outbox) -> None:
        reader = Tail(0)
        await outbox.emit(times=MOST + 5)
        assert [len(await read(outbox, reader)) for _ in range(3)] == [MOST, 5, 0]

    async def test_a_reader_of_long_ago_remembers_no_more_than_it_can(self, outbox: Outbox) -> None:
        await outbox.emit()
        reader = Tail(-(10**6))
        await read(outbox, reader)
        assert len(reader.missing) == 1000

    @pytest.mark.parametrize(
        ("subscriptions", "is_wanted"),
        [(["*"], True), (["appointment.*"], True), (["appointment.cancelled"], True), (["appointment.created"], False)],
    )
    async def test_knows_what_is_wanted(self, outbox: Outbox, subscriptions: list[str], is_wanted: bool) -> None:
        await outbox.emit(CANCELLED)
        (event,) = await read(outbox, Tail(0))
        assert event.is_wanted(subscriptions) is is_wanted
