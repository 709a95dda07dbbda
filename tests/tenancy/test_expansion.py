"""A database of an earlier release, with data in it, comes to the present; and that release goes on working on it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.auth.permissions import permissions_of
from app.auth.roles import Role
from app.core.clock import utcnow
from app.db.engine import make_engine
from app.db.session import Database
from app.settings import get_settings
from tests.docs.markdown import ROOT

TENANT, OWNER, STAFF, SESSION = (UUID(int=number) for number in range(1, 5))

# What the release of revision 0001 writes: it knows of no later column.
WRITTEN_BY_0001 = (
    """INSERT INTO public.tenants VALUES (:tenant, 'old', 'The old one', 'tenant_old', 'active', 'FREE', true,
       'Europe/Berlin', 'EUR', :at, :at)""",
    """INSERT INTO public.users (id, email, name, password_hash, role, tenant_id, is_active, is_sandbox, created_at,
       updated_at) VALUES (:owner, 'o@old.example', 'O', 'x', 'TENANT_OWNER', :tenant, true, false, :at, :at),
       (:staff, 's@old.example', 'S', 'x', 'TENANT_STAFF', :tenant, true, false, :at, :at)""",
    """INSERT INTO public.user_sessions (id, user_id, generation, rotated_at, expires_at, revoked_at, ip_address,
       user_agent, created_at) VALUES (:session, :owner, 1, :at, :at, NULL, NULL, NULL, :at)""",
)
VALUES = {"tenant": TENANT, "owner": OWNER, "staff": STAFF, "session": SESSION, "at": datetime(2026, 11, 1, tzinfo=UTC)}


@pytest.fixture
async def database(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database at revision 0001."""
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    monkeypatch.setenv("DATABASE_LISTEN_URL", fresh_database)
    get_settings.cache_clear()
    await upgrade("0001")
    database = Database(make_engine(fresh_database, pool_size=1))
    yield database
    await database.close()
    get_settings.cache_clear()


async def upgrade(revision: str) -> None:
    await asyncio.to_thread(command.upgrade, Config(ROOT / "alembic.ini", ini_section="public"), revision)


async def write_as_0001(database: Database) -> None:
    async with database.transaction() as session:
        for statement in WRITTEN_BY_0001:
            await session.execute(text(statement), VALUES)


class TestPublicTables:
    async def test_keep_their_rows_and_what_those_could_do(self, database: Database) -> None:
        await write_as_0001(database)
        await upgrade("head")
        async with database.transaction() as session:
            areas = await session.scalar(text("SELECT areas FROM public.users WHERE id = :staff"), VALUES)
            tenant = (
                await session.execute(text("SELECT locale, first_weekday, self_sign_up FROM public.tenants"))
            ).one()
            methods, actor = (await session.execute(text("SELECT methods, actor_id FROM public.user_sessions"))).one()
        assert "customers:write" in permissions_of(Role.TENANT_STAFF, areas)
        assert "appointments:write" in permissions_of(Role.TENANT_STAFF, areas)
        assert tuple(tenant) == ("en", 1, False)
        assert (methods, actor) == (["pwd"], None)

    async def test_give_the_demos_that_are_there_a_fortnight(self, database: Database) -> None:
        await write_as_0001(database)
        await upgrade("head")
        async with database.transaction() as session:
            term = await session.scalar(text("SELECT demo_expires_at FROM public.tenants"))
        assert timedelta(days=13) < term - utcnow() < timedelta(days=15)

    async def test_can_still_be_written_by_the_earlier_release(self, database: Database) -> None:
        await upgrade("head")
        await write_as_0001(database)
