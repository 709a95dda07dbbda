from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db.connection import ScopedConnection
from app.db.engine import make_engine
from app.db.session import Database
from app.errors import SlotTaken, Unavailable
from app.settings import Settings


class TestTransaction:
    async def test_a_database_that_is_away_is_unavailable(self, settings: Settings) -> None:
        database = Database(make_engine(settings.database_url + "/nowhere", pool_size=1))
        with pytest.raises(Unavailable):
            async with database.transaction() as session:
                await session.execute(text("SELECT 1"))
        await database.close()

    async def test_a_connection_that_is_cut_is_unavailable_and_the_next_is_fresh(self, settings: Settings) -> None:
        database = Database(make_engine(settings.database_url, pool_size=1))
        with pytest.raises(Unavailable):
            async with database.transaction() as session:
                await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT 1")) == 1
        await database.close()

    async def test_a_connection_that_is_cut_while_it_rolls_back_is_unavailable(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        execute = ScopedConnection.execute

        async def cut(self: ScopedConnection, query: str, *args: Any, **options: Any) -> str:
            if query.startswith("ROLLBACK"):
                self.terminate()
                raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
            return await execute(self, query, *args, **options)

        monkeypatch.setattr(ScopedConnection, "execute", cut)
        database = Database(make_engine(settings.database_url, pool_size=1))
        with pytest.raises(Unavailable):
            async with database.transaction() as session:
                await session.execute(text("SELECT 1"))
                raise SlotTaken
        await database.close()

    async def test_what_an_error_says_holds_no_values(self, settings: Settings) -> None:
        database = Database(make_engine(settings.database_url, pool_size=1))
        with pytest.raises(DBAPIError) as caught:
            async with database.transaction() as session:
                await session.execute(text("SELECT 1 FROM nowhere WHERE token = :token"), {"token": "a secret"})
        assert "a secret" not in str(caught.value)
        await database.close()

    async def test_a_pool_that_is_used_up_is_unavailable(self, settings: Settings) -> None:
        engine = make_engine(settings.database_url, pool_size=1)
        engine.sync_engine.pool._timeout = 0.01  # type: ignore[attr-defined] # noqa: SLF001 — five seconds in service
        database = Database(engine)
        async with database.transaction() as first:
            await first.execute(text("SELECT 1"))
            with pytest.raises(Unavailable):
                async with database.transaction() as second:
                    await second.execute(text("SELECT 1"))
        await database.close()


class TestSnapshot:
    async def test_a_database_that_is_away_is_unavailable(self, settings: Settings) -> None:
        database = Database(make_engine(settings.database_url + "/nowhere", pool_size=1))
        with pytest.raises(Unavailable):
            async with database.snapshot("tenant_any"):
                pass
        await database.close()

    async def test_a_connection_that_is_cut_is_unavailable_and_the_next_is_fresh(self, settings: Settings) -> None:
        database = Database(make_engine(settings.database_url, pool_size=1))
        with pytest.raises(Unavailable):
            async with database.snapshot("tenant_any") as connection:
                await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        async with database.snapshot("tenant_any") as connection:
            assert await connection.fetchval("SELECT 1") == 1
        await database.close()
