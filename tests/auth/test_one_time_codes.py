"""Codes that let their holder do one thing once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import one_time_codes
from app.auth.one_time_codes import Purpose
from app.core.clock import utcnow
from app.core.crypto import Keyring
from app.errors import LinkInvalid
from app.models.public import OneTimeCodeRow
from tests.actors import Business

NOW = utcnow()
TTL = timedelta(minutes=5)


class Codes:
    """Codes of one business, each step in a transaction of its own."""

    def __init__(self, app: FastAPI, tenant_id: UUID) -> None:
        self.app = app
        self.keyring: Keyring = app.state.keyring
        self.tenant_id = tenant_id

    async def issue(self, purpose: Purpose = Purpose.VERIFY_EMAIL, **details: Any) -> str:
        async with self.app.state.database.transaction() as session:
            known: dict[str, Any] = {"ttl": TTL, "now": NOW, "tenant_id": self.tenant_id} | details
            return await one_time_codes.issue(session, self.keyring, purpose, **known)

    async def redeem(self, code: str, purpose: Purpose = Purpose.VERIFY_EMAIL, **where: Any) -> OneTimeCodeRow:
        async with self.app.state.database.transaction() as session:
            known: dict[str, Any] = {"tenant_id": self.tenant_id, "now": NOW} | where
            return await one_time_codes.redeem(session, self.keyring, purpose, code, **known)


@pytest.fixture
def codes(app: FastAPI, business: Business) -> Codes:
    return Codes(app, UUID(business.id))


@pytest.fixture
async def session(app: FastAPI) -> AsyncIterator[AsyncSession]:
    async with app.state.database.transaction() as opened:
        yield opened


class TestRedeem:
    async def test_gives_what_was_to_be_remembered_and_once_only(self, codes: Codes) -> None:
        code = await codes.issue(payload={"answer": 42})
        assert (await codes.redeem(code)).payload == {"answer": 42}
        with pytest.raises(LinkInvalid):
            await codes.redeem(code)

    async def test_of_many_who_hold_it_one_succeeds(self, codes: Codes) -> None:
        code = await codes.issue()
        outcomes = await asyncio.gather(*(codes.redeem(code) for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(outcome, LinkInvalid) for outcome in outcomes) == 4

    async def test_is_for_one_purpose(self, codes: Codes) -> None:
        code = await codes.issue(Purpose.VERIFY_EMAIL)
        for other in set(Purpose) - {Purpose.VERIFY_EMAIL}:
            with pytest.raises(LinkInvalid):
                await codes.redeem(code, other)

    async def test_is_for_one_place(self, codes: Codes, other_business: Business) -> None:
        code = await codes.issue()
        for elsewhere in (None, UUID(other_business.id)):
            with pytest.raises(LinkInvalid):
                await codes.redeem(code, tenant_id=elsewhere)
        at_the_platform = await codes.issue(tenant_id=None)
        with pytest.raises(LinkInvalid):
            await codes.redeem(at_the_platform)
        assert (await codes.redeem(at_the_platform, tenant_id=None)).tenant_id is None

    async def test_is_for_a_while(self, codes: Codes) -> None:
        code = await codes.issue()
        with pytest.raises(LinkInvalid):
            await codes.redeem(code, now=NOW + TTL)
        assert (await codes.redeem(code, now=NOW + TTL - timedelta(microseconds=1))).expires_at == NOW + TTL

    async def test_nothing_of_it_is_kept(self, codes: Codes, session: AsyncSession) -> None:
        code = await codes.issue()
        rows = (await session.scalars(select(OneTimeCodeRow))).all()
        assert not any(code in str(vars(row)) for row in rows)


class TestRequireAndPeek:
    async def test_leave_it_good(self, codes: Codes, session: AsyncSession) -> None:
        code = await codes.issue(payload={"answer": 42})
        where: dict[str, Any] = {"tenant_id": codes.tenant_id, "now": NOW}
        found = await one_time_codes.peek(session, codes.keyring, code, *Purpose, **where)
        assert found == (Purpose.VERIFY_EMAIL, None)
        row = await one_time_codes.require(session, codes.keyring, Purpose.VERIFY_EMAIL, code, **where)
        assert row.payload == {"answer": 42}
        await session.commit()
        assert (await codes.redeem(code)).payload == {"answer": 42}

    async def test_find_none_that_is_not_good(self, codes: Codes, session: AsyncSession) -> None:
        code = await codes.issue()
        where: dict[str, Any] = {"tenant_id": codes.tenant_id, "now": NOW + TTL}
        with pytest.raises(LinkInvalid):
            await one_time_codes.require(session, codes.keyring, Purpose.VERIFY_EMAIL, code, **where)
        with pytest.raises(LinkInvalid):
            await one_time_codes.peek(session, codes.keyring, code, *Purpose, **where)


class TestSweep:
    async def test_deletes_what_has_expired(self, codes: Codes, session: AsyncSession) -> None:
        long_ago = NOW - timedelta(days=1)
        await codes.issue(now=long_ago, payload={"mark": "old"})
        kept = await codes.issue(payload={"mark": "new"})
        await one_time_codes.sweep(session, now=long_ago + TTL)
        await session.commit()
        payloads = [row.payload for row in await session.scalars(select(OneTimeCodeRow))]
        assert {"mark": "old"} not in payloads
        assert (await codes.redeem(kept)).payload == {"mark": "new"}
