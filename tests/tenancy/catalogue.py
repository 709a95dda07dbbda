"""Tenants' schemas made for a test, and what PostgreSQL's catalogue says of a schema."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.engine import make_engine
from app.db.session import Database
from app.models.public import TenantRow, TenantSchemaRow
from app.tenancy.migrations import migrate_public
from app.tenancy.mode import Mode
from app.tenancy.provisioning import create_schemas

# Alembic's own table is left out: it names its key after a pattern of its own.
_DEFINITIONS = {
    "columns": """
        SELECT relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
               coalesce(pg_get_expr(adbin, adrelid), '')
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'alembic%'
        AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
        ORDER BY relname, attnum""",
    "constraints": """
        SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
        WHERE relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'alembic%'
        ORDER BY relname, conname""",
    "indexes": """
        SELECT relname, replace(pg_get_indexdef(oid), current_schema() || '.', '')
        FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'alembic%' AND relkind = 'i'
        ORDER BY relname""",
    "sequences": """
        SELECT relname, format_type(seqtypid, NULL), seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle
        FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
        WHERE relnamespace = current_schema()::regnamespace
        ORDER BY relname""",
}


@asynccontextmanager
async def public_only(url: str) -> AsyncIterator[Database]:
    """A database with the public schema and no tenant yet."""
    await migrate_public(url)
    database = Database(make_engine(url, pool_size=1))
    try:
        yield database
    finally:
        await database.close()


async def add_tenant(session: AsyncSession, schema_name: str) -> UUID:
    """A business without schemas."""
    now = utcnow()
    tenant = TenantRow(
        id=uuid7(),
        slug=schema_name.removeprefix("tenant_"),
        name=schema_name,
        schema_name=schema_name,
        status="active",
        subscription_tier="FREE",
        is_temporary=False,
        timezone="Europe/Vienna",
        currency="EUR",
        created_at=now,
        updated_at=now,
    )
    session.add(tenant)
    await session.flush()
    return tenant.id


async def provision(database: Database, schema_name: str) -> None:
    """A business with both schemas, as a sign-up makes them."""
    async with database.transaction() as session:
        await create_schemas(session, await add_tenant(session, schema_name), schema_name)


async def add_schemas(database: Database, revisions: Mapping[str, str]) -> None:
    """Empty schemas, registered as being at these revisions."""
    async with database.transaction() as session:
        tenant_id = await add_tenant(session, "tenant_registered")
        for name, revision in revisions.items():
            await session.execute(text(f"CREATE SCHEMA {name}"))
            session.add(TenantSchemaRow(name=name, tenant_id=tenant_id, mode=Mode.LIVE, revision=revision))


async def run(database: Database, schema: str, *statements: str) -> None:
    """Change a tenant's schema."""
    async with database.transaction(schema) as session:
        for statement in statements:
            await session.execute(text(statement))


async def tables_in(database: Database, schema: str) -> set[str]:
    """The names of a schema's tables."""
    async with database.transaction() as session:
        found = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
        return set(await session.scalars(found, {"schema": schema}))


async def definitions(database: Database, schema: str) -> dict[str, list[tuple[object, ...]]]:
    """All that a schema's tables are made of, in PostgreSQL's own words, free of the schema's name."""
    async with database.transaction(schema) as session:
        return {
            kind: [tuple(row) for row in await session.execute(text(query))] for kind, query in _DEFINITIONS.items()
        }
