"""Two businesses whose rows have equal ids never see each other's, whatever happens on the connection they share."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from asyncpg import ReadOnlySQLTransactionError
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.db import engine as engine_module
from app.db.connection import ScopedConnection
from app.db.engine import make_engine
from app.db.session import Database
from app.main import create_app
from app.models.tenant import CustomerRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.tenancy.tenant import schema_of
from tests.actors import Business, Platform

SHARED_ID = UUID("01980000-0000-7000-8000-000000000001")


class LeakyConnection(ScopedConnection):
    """What the guard is there against: a search_path that outlives its transaction."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 — asyncpg's
        schema, self._schema = self._schema, None
        if schema is not None and query.startswith("BEGIN"):
            await super().execute(f"SET search_path TO {schema}")
        return await super().execute(query, *args, timeout=timeout)


@asynccontextmanager
async def one_connection(settings: Settings) -> AsyncIterator[Database]:
    database = Database(make_engine(settings.database_url, pool_size=1))
    yield database
    await database.close()


def customer(name: str) -> CustomerRow:
    now = utcnow()
    return CustomerRow(
        id=SHARED_ID, name=name, email=None, phone=None, notes="", user_id=None, created_at=now, updated_at=now
    )


@pytest.fixture
async def schemas(business: Business, other_business: Business, app: FastAPI) -> list[str]:
    """Four schemas (two businesses, live and sandbox), each with a customer of the same id, named as the schema."""
    stems = [f"tenant_{each.slug.replace('-', '_')}" for each in (business, other_business)]
    names = [schema_of(stem, mode) for stem in stems for mode in Mode]
    for name in names:
        async with app.state.database.transaction(name) as session:
            session.add(customer(name))
    return names


async def whose(session: AsyncSession) -> str | None:
    name: str | None = await session.scalar(select(CustomerRow.name).where(CustomerRow.id == SHARED_ID))
    return name


async def reads(database: Database, schema: str) -> None:
    async with database.transaction(schema) as session:
        assert await whose(session) == schema


async def forgets_its_tenant(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="does not exist"):
        async with database.transaction() as session:
            await whose(session)


async def rolls_back(database: Database, schema: str) -> None:
    with suppress(ZeroDivisionError):
        async with database.transaction(schema) as session:
            await session.execute(text("UPDATE customers SET name = 'changed'"))
            raise ZeroDivisionError
    await reads(database, schema)


async def fails_in_a_savepoint(database: Database, schema: str) -> None:
    async with database.transaction(schema) as session:
        with suppress(ProgrammingError):
            async with session.begin_nested():
                await session.execute(text("SELECT no_such_column FROM customers"))
        assert await whose(session) == schema


async def is_cancelled(database: Database, schema: str) -> None:
    started = asyncio.Event()

    async def dawdle() -> None:
        async with database.transaction(schema) as session:
            await whose(session)
            started.set()
            await session.execute(text("SELECT pg_sleep(60)"))

    task = asyncio.create_task(dawdle())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def reads_a_snapshot(database: Database, schema: str) -> None:
    async with database.snapshot(schema) as connection:
        assert await connection.fetchval("SELECT name FROM customers WHERE id = $1", SHARED_ID) == schema


async def fails_in_a_snapshot(database: Database, schema: str) -> None:
    with pytest.raises(ReadOnlySQLTransactionError):
        async with database.snapshot(schema) as connection:
            await connection.execute("UPDATE customers SET name = 'changed'")


async def is_cancelled_in_a_snapshot(database: Database, schema: str) -> None:
    started = asyncio.Event()

    async def dawdle() -> None:
        async with database.snapshot(schema) as connection:
            started.set()
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.create_task(dawdle())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def uses_the_raw_connection(database: Database, _schema: str) -> None:
    async with database.engine.connect() as connection:
        with pytest.raises(ProgrammingError, match="does not exist"):
            await connection.execute(select(CustomerRow.name))


async def everything_in_turn(database: Database, schemas: list[str]) -> None:
    """Every pair of schemas, with every kind of trouble in between, each followed by a transaction without a tenant."""
    troubles = (
        rolls_back,
        fails_in_a_savepoint,
        is_cancelled,
        reads_a_snapshot,
        fails_in_a_snapshot,
        is_cancelled_in_a_snapshot,
        uses_the_raw_connection,
    )
    for (first, second), trouble in itertools.product(itertools.permutations(schemas, 2), troubles):
        await reads(database, first)
        await forgets_its_tenant(database)
        await trouble(database, first)
        await reads(database, second)


class TestIsolation:
    async def test_holds_in_every_order_on_one_connection(self, schemas: list[str], settings: Settings) -> None:
        async with one_connection(settings) as database:
            await everything_in_turn(database, schemas)

    async def test_is_lost_without_the_guard(
        self, schemas: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine_module, "ScopedConnection", LeakyConnection)
        async with one_connection(settings) as database:
            await reads(database, schemas[0])
            with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
                await forgets_its_tenant(database)

    async def test_holds_for_mixed_concurrent_requests(
        self, business: Business, other_business: Business, schemas: list[str], settings: Settings, platform: Platform
    ) -> None:
        assert len(schemas) == 4
        app = create_app(settings.model_copy(update={"database_pool_size": 1}))
        async with app.router.lifespan_context(app):
            await self._ask_in_a_crowd(app, [business, other_business], platform)

    async def _ask_in_a_crowd(self, app: FastAPI, businesses: list[Business], platform: Platform) -> None:
        callers = {}
        for each, mode in itertools.product(businesses, ("live", "test")):
            client = platform.at(each.host, await each.token("customers:read", mode=mode), app=app)
            name = schema_of(f"tenant_{each.slug.replace('-', '_')}", Mode.SANDBOX if mode == "test" else Mode.LIVE)
            callers[name] = client

        crowd = asyncio.Semaphore(25)

        async def ask(name: str, number: int) -> None:
            async with crowd:
                await ask_at_once(name, number)

        async def ask_at_once(name: str, number: int) -> None:
            request = asyncio.create_task(callers[name].get(f"/api/v1/customers/{SHARED_ID}"))
            if number % 7 == 0:
                await asyncio.sleep(0)
                request.cancel()
                with suppress(asyncio.CancelledError):
                    await request
                return
            answer = await request
            assert answer.status_code == 200, answer.text
            assert answer.json()["name"] == name

        await asyncio.gather(*(ask(name, number) for number, name in enumerate(list(callers) * 75)))


class TestScopedConnection:
    async def test_takes_only_names_of_schemas(self, settings: Settings) -> None:
        async with one_connection(settings) as database:
            for name in ("public; DROP TABLE x", 'a"b', "", "Tenant", "pg catalog"):
                with pytest.raises(ValueError, match="schema name"):
                    await reads(database, name)
