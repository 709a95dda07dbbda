from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from app.db.engine import make_engine
from app.db.session import Database
from app.settings import Settings
from app.tenancy.migrations import migrate_public
from app.tenancy.readiness import migrations_at_head

Connect = Callable[[str], Database]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        def database(url: str) -> Database:
            made = Database(make_engine(url, pool_size=1))
            stack.push_async_callback(made.close)
            return made

        yield database


class TestMigrationsAtHead:
    async def test_a_migrated_database_is_ready(self, settings: Settings, connect: Connect) -> None:
        assert await migrations_at_head(connect(settings.database_url)) is True

    async def test_an_empty_database_is_not(self, fresh_database: str, connect: Connect) -> None:
        assert await migrations_at_head(connect(fresh_database)) is False

    async def test_one_whose_public_schema_is_behind_is_not(self, fresh_database: str, connect: Connect) -> None:
        await migrate_public(fresh_database)
        database = connect(fresh_database)
        async with database.transaction() as session:
            await session.execute(text("UPDATE public.alembic_version SET version_num = '0000'"))
        assert await migrations_at_head(database) is False

    async def test_a_database_that_is_away_does_not_say(self, settings: Settings, connect: Connect) -> None:
        assert await migrations_at_head(connect(settings.database_url + "/nowhere")) is None
