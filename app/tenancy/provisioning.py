"""A new business's schemas: made by one script in the caller's transaction, so all of it is there or nothing."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from app.db.base import TenantBase
from app.db.constraints import LOCK_NOT_AVAILABLE, sqlstate_of
from app.db.session import SCHEMA
from app.errors import Unavailable
from app.models import tenant as _tables  # noqa: F401 — fills the metadata
from app.models.public import TenantSchemaRow
from app.tenancy.mode import Mode
from app.tenancy.revisions import head_revision
from app.tenancy.tenant import schema_of

_DROP_LOCK_TIMEOUT = "3s"
_EMPTYING_LOCK_TIMEOUT = "300ms"  # less than PostgreSQL takes to find a deadlock: it is we who give way
_EMPTYING_ATTEMPTS = 15


@cache
def tenant_ddl() -> str:
    """The statements that fill an empty tenant schema, stamped as being at the head of the tenant chain."""
    statements: list[ExecutableDDLElement] = []
    for table in TenantBase.metadata.sorted_tables:
        statements.append(CreateTable(table))
        statements += [CreateIndex(index) for index in sorted(table.indexes, key=lambda i: str(i.name))]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # untyped in SQLAlchemy
    rendered = [str(statement.compile(dialect=dialect)).strip() for statement in statements]
    return ";\n".join(
        [
            *rendered,
            "CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)",
            f"INSERT INTO alembic_version VALUES ('{head_revision('tenant')}')",  # noqa: S608 — our own revision id # nosec B608
        ]
    )


async def create_schemas(session: AsyncSession, tenant_id: UUID, schema_name: str) -> None:
    """Create the live schema and its sandbox twin with all their tables, in one round trip.

    Part of the caller's transaction: a sign-up that fails leaves nothing behind.
    """
    names = {mode: schema_of(schema_name, mode) for mode in Mode}
    revision = head_revision("tenant")
    session.add_all(
        TenantSchemaRow(name=name, tenant_id=tenant_id, mode=mode, revision=revision) for mode, name in names.items()
    )
    await session.flush()
    script = "".join(
        f"CREATE SCHEMA {name};\nSET LOCAL search_path TO {name};\n{tenant_ddl()};\n" for name in names.values()
    )
    connection = await session.connection()
    raw: Any = (await connection.get_raw_connection()).driver_connection
    await raw.execute(f"{script}SET LOCAL search_path TO pg_catalog;")
    for name in names.values():
        await after_schema_created(name)


async def drop_schemas(session: AsyncSession, schema_name: str) -> None:
    """Drop the live schema and its sandbox twin with all that is in them, as part of the caller's transaction.

    It fails, rather than have everybody wait, if somebody is at work in them for longer than some seconds.
    """
    await session.execute(text(f"SET LOCAL lock_timeout = '{_DROP_LOCK_TIMEOUT}'"))
    for mode in Mode:
        await session.execute(text(f"DROP SCHEMA IF EXISTS {schema_of(schema_name, mode)} CASCADE"))


async def empty_schema(session: AsyncSession, name: str) -> None:
    """Delete all rows of the schema that the transaction is confined to, which nobody else gets at until its end.

    Whoever is at work in it is waited for. Raises Unavailable if they do not come to an end, or empty it themselves.
    """
    if session.info[SCHEMA] != name:
        raise ValueError(f"the transaction is confined to {session.info[SCHEMA]!r}, not to {name!r}")
    one_at_a_time = select(TenantSchemaRow.name).where(TenantSchemaRow.name == name).with_for_update(nowait=True)
    await session.execute(one_at_a_time)
    tables = ", ".join(TenantBase.metadata.tables)
    for _ in range(_EMPTYING_ATTEMPTS):
        if await _lock(session, tables):
            await session.execute(text(f"TRUNCATE {tables}"))
            return
    raise Unavailable("The sandbox is in use. Try again in a moment.")


async def _lock(session: AsyncSession, tables: str) -> bool:
    """Keep everybody else out. False, and nothing is locked, if that takes long: others may be waiting for us."""
    try:
        async with session.begin_nested():
            await session.execute(text(f"SET LOCAL lock_timeout = '{_EMPTYING_LOCK_TIMEOUT}'"))
            await session.execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
            await session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    except DBAPIError as error:
        if sqlstate_of(error) != LOCK_NOT_AVAILABLE:
            raise
        return False
    return True


async def after_schema_created(_name: str) -> None:
    """Where a schema would be handed to a cluster; a single PostgreSQL has nothing to do."""
