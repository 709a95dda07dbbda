"""How long whoever guesses has to wait."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.auth import throttle
from app.auth.throttle import ACCOUNT, ADDRESS, LONGEST, MEMORY, Throttle, address_of
from app.core.clock import utcnow
from app.errors import TooManyAttempts
from app.models.public import ThrottleRow

SECOND = timedelta(seconds=1)


@pytest.fixture
def subject() -> str:
    """Somebody whom nobody has counted yet."""
    return f"subject-{uuid4()}"


@pytest.fixture
def counter(app: FastAPI) -> Throttle:
    made: Throttle = app.state.throttle
    return made


async def fail(counter: Throttle, subject: str, times: int, *, now: datetime) -> datetime:
    """So many failures, each as soon as it may be; when the last one was."""
    for _ in range(times):
        try:
            await counter.count((ACCOUNT, subject), now=now)
        except TooManyAttempts as problem:
            now += timedelta(seconds=problem.params["retry_after"])
            await counter.count((ACCOUNT, subject), now=now)
    return now


class TestWaitAfter:
    @pytest.mark.parametrize(
        ("failures", "seconds"),
        [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (14, 512), (15, 900), (16, 900), (10_000, 900)],
    )
    def test_doubles_up_to_a_quarter_of_an_hour(self, failures: int, seconds: int) -> None:
        assert ACCOUNT.wait_after(failures) == timedelta(seconds=seconds)


class TestCount:
    async def test_lets_the_first_ones_pass_and_then_waits_longer_each_time(
        self, counter: Throttle, subject: str
    ) -> None:
        begun = utcnow()
        assert await fail(counter, subject, 5, now=begun) == begun
        assert await fail(counter, subject, 4, now=begun) == begun + (1 + 2 + 4 + 8) * SECOND

    async def test_does_not_count_what_it_refuses(self, counter: Throttle, subject: str) -> None:
        begun = await fail(counter, subject, 5, now=utcnow())
        for _ in range(3):
            with pytest.raises(TooManyAttempts):
                await counter.count((ACCOUNT, subject), now=begun)
        await counter.count((ACCOUNT, subject), now=begun + SECOND)

    async def test_refuses_for_one_reason_without_counting_for_another(self, counter: Throttle, subject: str) -> None:
        begun = await fail(counter, subject, 5, now=utcnow())
        for _ in range(40):
            with pytest.raises(TooManyAttempts):
                await counter.count((ACCOUNT, subject), (ADDRESS, subject), now=begun)
        await counter.count((ADDRESS, subject), now=begun)

    async def test_forgets_after_a_day(self, counter: Throttle, subject: str) -> None:
        last = await fail(counter, subject, 9, now=utcnow())
        later = last + MEMORY
        assert await fail(counter, subject, 5, now=later) == later

    async def test_never_makes_anybody_wait_longer_than_a_quarter_of_an_hour(
        self, counter: Throttle, subject: str
    ) -> None:
        last = await fail(counter, subject, 17, now=utcnow())
        with pytest.raises(TooManyAttempts) as refusal:
            await counter.count((ACCOUNT, subject), now=last)
        assert refusal.value.headers["Retry-After"] == str(int(LONGEST.total_seconds()))

    async def test_keeps_no_names(self, counter: Throttle, subject: str, app: FastAPI) -> None:
        await counter.count((ACCOUNT, subject), now=utcnow())
        async with app.state.database.transaction() as session:
            keys = (await session.scalars(select(ThrottleRow.key))).all()
        assert not any(subject.encode() in key for key in keys)


class TestForgive:
    async def test_begins_anew(self, counter: Throttle, subject: str, app: FastAPI) -> None:
        begun = await fail(counter, subject, 5, now=utcnow())
        async with app.state.database.transaction() as session:
            await counter.forgive(session, (ACCOUNT, subject))
        assert await fail(counter, subject, 5, now=begun) == begun


class TestTakeBack:
    async def test_leaves_what_failed_before(self, counter: Throttle, subject: str, app: FastAPI) -> None:
        begun = await fail(counter, subject, 5, now=utcnow())
        async with app.state.database.transaction() as session:
            await counter.take_back(session, (ACCOUNT, subject))
        assert await fail(counter, subject, 1, now=begun) == begun
        assert await fail(counter, subject, 1, now=begun) == begun + SECOND

    async def test_of_nothing_is_nothing(self, counter: Throttle, subject: str, app: FastAPI) -> None:
        async with app.state.database.transaction() as session:
            await counter.take_back(session, (ACCOUNT, subject))
        begun = utcnow()
        assert await fail(counter, subject, 5, now=begun) == begun


class TestSweep:
    async def test_deletes_what_is_no_longer_remembered(self, counter: Throttle, app: FastAPI) -> None:
        old, new = utcnow() - timedelta(days=400), utcnow() - timedelta(days=399)
        await counter.count((ACCOUNT, f"old-{uuid4()}"), now=old)
        await counter.count((ACCOUNT, f"new-{uuid4()}"), now=new)
        async with app.state.database.transaction() as session:
            await throttle.sweep(session, now=old + MEMORY)
            left = (await session.scalars(select(ThrottleRow.last_failed_at))).all()
        assert old not in left
        assert new in left


class TestAddress:
    @pytest.mark.parametrize(
        ("address", "whose"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("testclient", "unknown"),
            ("", "unknown"),
            (None, "unknown"),
        ],
    )
    def test_of_ipv6_is_the_network_that_a_customer_has(self, address: str | None, whose: str) -> None:
        assert address_of(address) == whose
