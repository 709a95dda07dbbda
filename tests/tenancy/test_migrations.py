"""The chains of migrations, and the runner that takes every schema to their heads."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from alembic.config import main
from sqlalchemy import select, text

from app.db.base import PublicBase
from app.db.session import Database
from app.models.public import TenantSchemaRow
from app.settings import get_settings
from app.tenancy.migrations import Plan, Report, SchemaResult, migrate_public, migrate_tenants, plan, scripts
from app.tenancy.revisions import Chain, head_revision
from tests.tenancy.catalogue import add_schemas, definitions, provision, public_only, run, tables_in

ALEMBIC_INI = Path(__file__).parents[2] / "alembic.ini"
BEHIND = "none yet"

Alembic = Callable[..., Awaitable[int]]


@pytest.fixture
async def database(fresh_database: str) -> AsyncIterator[Database]:
    async with public_only(fresh_database) as database:
        yield database


async def migrate(url: str, *, processes: int = 1) -> Report:
    return await migrate_tenants(url, processes=processes, on_progress=lambda _result: None)


async def revision_of(database: Database, schema: str) -> str | None:
    async with database.transaction() as session:
        found: str | None = await session.scalar(select(TenantSchemaRow.revision).where(TenantSchemaRow.name == schema))
    return found


@pytest.fixture
def alembic(fresh_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Alembic]:
    """Run Alembic's own command on the database; its exit code."""
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    monkeypatch.setenv("DATABASE_LISTEN_URL", fresh_database)
    get_settings.cache_clear()

    def run_command(*arguments: str) -> int:
        try:
            main(["-c", str(ALEMBIC_INI), *arguments])
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    yield partial(asyncio.to_thread, run_command)
    get_settings.cache_clear()


class TestPublicChain:
    async def test_makes_what_the_models_say(self, database: Database) -> None:
        migrated = await definitions(database, "public")
        async with database.transaction() as session:
            await session.execute(text("DROP SCHEMA public CASCADE"))
            await session.execute(text("CREATE SCHEMA public"))
            await (await session.connection()).run_sync(PublicBase.metadata.create_all)
        assert migrated == await definitions(database, "public")

    async def test_leaves_nothing_for_autogenerate(self, fresh_database: str, alembic: Alembic) -> None:
        await migrate_public(fresh_database)
        assert await alembic("-n", "public", "check") == 0

    async def test_changes_nothing_when_at_the_head(self, database: Database, fresh_database: str) -> None:
        before = await definitions(database, "public")
        await migrate_public(fresh_database)
        assert await definitions(database, "public") == before

    async def test_goes_back_and_forth_with_alembics_own_command(self, database: Database, alembic: Alembic) -> None:
        before = await definitions(database, "public")
        assert await alembic("-n", "public", "downgrade", "base") == 0
        assert await tables_in(database, "public") == {"alembic_version"}
        assert await alembic("-n", "public", "upgrade", "head") == 0
        assert await definitions(database, "public") == before


class TestTenantChain:
    async def test_makes_what_a_sign_up_makes(self, database: Database, fresh_database: str) -> None:
        await provision(database, "tenant_provisioned")
        await add_schemas(database, {"tenant_migrated": BEHIND})
        await migrate(fresh_database)
        migrated = await definitions(database, "tenant_migrated")
        assert migrated == await definitions(database, "tenant_provisioned")
        assert migrated == await definitions(database, "tenant_provisioned_sandbox")

    async def test_leaves_nothing_for_autogenerate(
        self, database: Database, fresh_database: str, alembic: Alembic
    ) -> None:
        await add_schemas(database, {"tenant_migrated": BEHIND})
        await migrate(fresh_database)
        assert await alembic("-n", "tenant", "-x", "schema=tenant_migrated", "check") == 0

    async def test_goes_back_and_forth_with_alembics_own_command(self, database: Database, alembic: Alembic) -> None:
        await provision(database, "tenant_a")
        before = await definitions(database, "tenant_a")
        command = ("-n", "tenant", "-x", "schema=tenant_a")
        assert await alembic(*command, "downgrade", "base") == 0
        assert await tables_in(database, "tenant_a") == {"alembic_version"}
        assert await alembic(*command, "upgrade", "head") == 0
        assert await definitions(database, "tenant_a") == before

    @pytest.mark.parametrize("arguments", [(), ("-x", "schema=public")])
    async def test_works_on_no_schema_but_a_tenants(
        self, arguments: tuple[str, ...], alembic: Alembic, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert await alembic("-n", "tenant", *arguments, "check") != 0
        assert "say which tenant's schema" in capfd.readouterr().out


class TestPlan:
    async def test_of_an_empty_database_is_the_whole_public_chain(self, fresh_database: str) -> None:
        ahead = await plan(fresh_database)
        assert (ahead.public[0], ahead.public[-1]) == ("0001", head_revision("public"))
        assert ahead.tenant_schemas == ()

    async def test_lists_the_schemas_that_are_behind(self, database: Database, fresh_database: str) -> None:
        await add_schemas(database, {"tenant_b": BEHIND, "tenant_a": "0000", "tenant_c": head_revision("tenant")})
        assert await plan(fresh_database) == Plan(public=(), tenant_schemas=("tenant_a", "tenant_b"))


class TestMigrateTenants:
    async def test_takes_a_schema_to_the_head_and_says_so(self, database: Database, fresh_database: str) -> None:
        await add_schemas(database, {"tenant_a": BEHIND})
        seen: list[SchemaResult] = []
        report = await migrate_tenants(fresh_database, processes=1, on_progress=seen.append)
        assert seen == [SchemaResult("tenant_a", None)]
        assert report == Report(migrated=tuple(seen), failed=(), skipped=0)
        assert await revision_of(database, "tenant_a") == head_revision("tenant")
        assert await plan(fresh_database) == Plan(public=(), tenant_schemas=())

    async def test_touches_only_schemas_that_are_behind(self, database: Database, fresh_database: str) -> None:
        await add_schemas(database, {"tenant_behind": BEHIND, "tenant_empty": head_revision("tenant")})
        report = await migrate(fresh_database)
        assert (len(report.migrated), report.skipped) == (1, 1)
        assert await tables_in(database, "tenant_empty") == set()

    async def test_with_nothing_to_do_reports_nothing(self, database: Database, fresh_database: str) -> None:
        await provision(database, "tenant_a")
        assert await migrate(fresh_database) == Report(migrated=(), failed=(), skipped=2)

    async def test_a_failing_schema_stops_no_other_and_the_next_run_resumes(
        self, database: Database, fresh_database: str
    ) -> None:
        await add_schemas(database, dict.fromkeys(("tenant_a", "tenant_b", "tenant_c"), BEHIND))
        await run(database, "tenant_b", "CREATE TABLE claims ()")
        report = await migrate(fresh_database)
        assert [result.schema for result in report.migrated] == ["tenant_a", "tenant_c"]
        (failed,) = report.failed
        assert failed.schema == "tenant_b"
        assert 'relation "claims" already exists' in str(failed.error)
        assert await tables_in(database, "tenant_b") == {"claims"}
        assert await revision_of(database, "tenant_b") == BEHIND

        await run(database, "tenant_b", "DROP TABLE claims")
        assert await migrate(fresh_database) == Report(migrated=(SchemaResult("tenant_b", None),), failed=(), skipped=2)
        assert await definitions(database, "tenant_b") == await definitions(database, "tenant_a")

    async def test_reports_a_schema_that_a_newer_build_has_migrated(
        self, database: Database, fresh_database: str
    ) -> None:
        await add_schemas(database, {"tenant_a": "9999"})
        await run(
            database,
            "tenant_a",
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
            "INSERT INTO alembic_version VALUES ('9999')",
        )
        (failed,) = (await migrate(fresh_database)).failed
        assert "Can't locate revision identified by '9999'" in str(failed.error)

    async def test_goes_on_with_a_new_connection_when_one_is_lost(
        self, database: Database, fresh_database: str
    ) -> None:
        await add_schemas(database, {"tenant_a": BEHIND, "tenant_b": BEHIND})
        kill = "SELECT pg_terminate_backend(pg_backend_pid())"
        async with database.transaction() as session:
            await session.execute(
                text(
                    "CREATE FUNCTION public.end_connection() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$$ BEGIN PERFORM 1 FROM ({kill}) AS killed; RETURN NEW; END $$"
                )
            )
            await session.execute(
                text(
                    "CREATE TRIGGER end_connection BEFORE UPDATE ON public.tenant_schemas FOR EACH ROW "
                    "WHEN (NEW.name = 'tenant_a') EXECUTE FUNCTION public.end_connection()"
                )
            )
        report = await migrate(fresh_database)
        assert [result.schema for result in report.failed] == ["tenant_a"]
        assert [result.schema for result in report.migrated] == ["tenant_b"]

    async def test_many_schemas_are_shared_out_to_processes(self, database: Database, fresh_database: str) -> None:
        names = [f"tenant_{number:02}" for number in range(30)]
        await add_schemas(database, dict.fromkeys(names, BEHIND))
        await run(database, "tenant_07", "CREATE TABLE claims ()")
        seen: list[SchemaResult] = []
        report = await migrate_tenants(fresh_database, processes=2, on_progress=seen.append)
        assert sorted(result.schema for result in seen) == names
        assert [result.schema for result in report.failed] == ["tenant_07"]
        assert await definitions(database, names[0]) == await definitions(database, names[-1])
        assert await plan(fresh_database) == Plan(public=(), tenant_schemas=("tenant_07",))

    async def test_a_second_run_waits_for_the_first(self, database: Database, fresh_database: str) -> None:
        await add_schemas(database, dict.fromkeys(("tenant_a", "tenant_b", "tenant_c"), BEHIND))
        reports = await asyncio.gather(migrate(fresh_database), migrate(fresh_database))
        assert sorted((len(report.migrated), report.skipped) for report in reports) == [(0, 3), (3, 0)]
        assert [report.failed for report in reports] == [(), ()]


class TestHeadRevision:
    @pytest.mark.parametrize("chain", ["public", "tenant"])
    def test_is_alembics(self, chain: Chain) -> None:
        assert scripts(chain).get_heads() == [head_revision(chain)]
