"""Brings a database to the head of both chains: `public` first, then every tenant schema.

Alembic's `op` is one for the whole process, so schemas are migrated side by side in processes, never in threads.
All of it needs a direct connection (`Settings.listen_url`): a pooler would lose the lock that keeps a second run out.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.db.base import PublicBase, TenantBase
from app.models.public import TenantSchemaRow
from app.tenancy.revisions import MIGRATIONS, Chain, head_revision
from app.tenancy.suitability import require_suitable

_RUN_LOCK = 7_166_266  # any number, as long as nothing else locks on it
_LOCK_TIMEOUT = "5s"  # a table that is not free by then would hold up its readers for as long
_FEW = 20  # not worth a process
_CHUNK = 25
_OPTIONS: dict[Chain, dict[str, Any]] = {
    "public": {"target_metadata": PublicBase.metadata, "version_table_schema": PublicBase.metadata.schema},
    "tenant": {"target_metadata": TenantBase.metadata},
}


@cache
def scripts(chain: Chain) -> ScriptDirectory:
    """The revisions of one chain, as Alembic reads them."""
    return ScriptDirectory(MIGRATIONS / chain)


@dataclass(frozen=True, slots=True)
class SchemaResult:
    """What came of one schema: at the head, or as it was before, and why."""

    schema: str
    error: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run. `skipped` counts the schemas that were at the head already."""

    migrated: tuple[SchemaResult, ...]
    failed: tuple[SchemaResult, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: the revisions for `public`, oldest first, and the tenant schemas that are behind."""

    public: tuple[str, ...]
    tenant_schemas: tuple[str, ...]


async def plan(database_url: str) -> Plan:
    """What is to be done to this database. An empty one has everything ahead of it, and no tenants."""
    async with direct_engine(database_url).connect() as connection:
        return Plan(
            public=await connection.run_sync(_public_revisions_ahead),
            tenant_schemas=await _schemas_behind(connection),
        )


async def migrate_public(database_url: str) -> None:
    """Bring `public` to the head of its chain, in one transaction. Waits for another run to end.

    Raises DatabaseUnsuitable for a server that cannot hold it.
    """
    engine = direct_engine(database_url)
    async with _only_run(engine), engine.begin() as connection:
        await require_suitable(connection)
        await connection.run_sync(_upgrade, "public", "pg_catalog")


async def migrate_tenants(database_url: str, *, processes: int, on_progress: Callable[[SchemaResult], None]) -> Report:
    """Bring every tenant schema that is behind to the head, each in a transaction of its own.

    `public` has to be at its head. A schema that fails stays as it was and holds up no other; the next run takes up
    what is left. At most `processes` of them are at work. Waits for another run to end. Raises what the driver
    raises if the database cannot be reached; the schemas done by then are done.
    """
    results: list[SchemaResult] = []

    def record(result: SchemaResult) -> None:
        results.append(result)
        on_progress(result)

    engine = direct_engine(database_url)
    async with _only_run(engine) as connection:
        total = await connection.scalar(select(func.count()).select_from(TenantSchemaRow)) or 0
        behind = await _schemas_behind(connection)
        if len(behind) <= _FEW:
            await _migrate_each(database_url, behind, record)
        else:
            await _migrate_in_processes(database_url, behind, processes, record)
    return Report(
        migrated=tuple(result for result in results if result.error is None),
        failed=tuple(result for result in results if result.error is not None),
        skipped=total - len(behind),
    )


def direct_engine(database_url: str) -> AsyncEngine:
    """An engine for migrating: its connections are not pooled, so that closing one also ends its locks."""
    return create_async_engine(
        database_url,
        poolclass=NullPool,
        connect_args={
            # The same statement finds another table in every schema, so none may be prepared for good.
            "prepared_statement_cache_size": 0,
            "server_settings": {
                "search_path": "pg_catalog",
                "timezone": "UTC",
                "lock_timeout": "0",  # one run waits for another, however long that takes
                "application_name": "smoothschedule-migrate",
            },
        },
    )


@asynccontextmanager
async def _only_run(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Keep every other run out, and yield the connection (in autocommit) that does it."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(select(func.pg_advisory_lock(_RUN_LOCK)))
        yield connection


def _public_revisions_ahead(connection: Connection) -> tuple[str, ...]:
    current = MigrationContext.configure(connection, opts=_OPTIONS["public"]).get_current_revision()
    ahead = scripts("public").iterate_revisions("head", current or "base")
    return tuple(reversed([script.revision for script in ahead]))


def _has_tenant_schemas(connection: Connection) -> bool:
    return inspect(connection).has_table(TenantSchemaRow.__tablename__, PublicBase.metadata.schema)


async def _schemas_behind(connection: AsyncConnection) -> tuple[str, ...]:
    if not await connection.run_sync(_has_tenant_schemas):
        return ()
    behind = TenantSchemaRow.revision != head_revision("tenant")
    names = await connection.scalars(select(TenantSchemaRow.name).where(behind).order_by(TenantSchemaRow.name))
    return tuple(names)


async def _migrate_in_processes(
    database_url: str, schemas: Sequence[str], processes: int, on_result: Callable[[SchemaResult], None]
) -> None:
    chunks = [schemas[start : start + _CHUNK] for start in range(0, len(schemas), _CHUNK)]
    pool = ProcessPoolExecutor(
        min(processes, len(chunks)),
        mp_context=get_context("spawn"),
        initializer=signal.signal,  # Ctrl-C is ours: what a process has begun it brings to an end
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(pool, _migrate_chunk, database_url, chunk) for chunk in chunks]
        for finished in asyncio.as_completed(work):
            for result in await finished:
                on_result(result)
    finally:
        pool.shutdown(cancel_futures=True)


def _migrate_chunk(database_url: str, schemas: Sequence[str]) -> list[SchemaResult]:
    results: list[SchemaResult] = []
    asyncio.run(_migrate_each(database_url, schemas, results.append))
    return results


async def _migrate_each(database_url: str, schemas: Sequence[str], on_result: Callable[[SchemaResult], None]) -> None:
    async with direct_engine(database_url).connect() as connection:
        for schema in schemas:
            on_result(SchemaResult(schema, await _migrate(connection, schema)))


async def _migrate(connection: AsyncConnection, schema: str) -> str | None:
    """Bring one schema to the head, or leave it as it was and say why."""
    done = update(TenantSchemaRow).where(TenantSchemaRow.name == schema).values(revision=head_revision("tenant"))
    try:
        async with connection.begin():
            await connection.run_sync(_upgrade, "tenant", schema)
            await connection.execute(done)
    except Exception as error:  # noqa: BLE001 — a revision can raise anything, and the other schemas go on
        cause = error.orig if isinstance(error, DBAPIError) else error
        return f"{type(error).__name__}: {cause}"
    return None


def _upgrade(connection: Connection, chain: Chain, search_path: str) -> None:
    """Run what is ahead of this schema in the connection's transaction: Alembic's command without its env.py."""
    local = True
    connection.execute(
        select(
            func.set_config("search_path", search_path, local),
            func.set_config("lock_timeout", _LOCK_TIMEOUT, local),
        )
    )
    options = {
        **_OPTIONS[chain],
        "fn": lambda heads, _context: scripts(chain)._upgrade_revs("head", heads),  # noqa: SLF001 — as Alembic's docs
    }
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()
