"""The schemas that a sign-up makes: the models' tables, and nothing that schema-based sharding could not carry."""

from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app.db.base import TenantBase
from app.db.session import Database
from app.tenancy.revisions import head_revision
from tests.tenancy.catalogue import provision, public_only, run, tables_in

LIVE, SANDBOX = "tenant_salon", "tenant_salon_sandbox"

# What no tenant schema may hold, each as the query that lists it.
FORBIDDEN = {
    "a table without a primary key": """
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'p')""",
    "a foreign key that leaves the schema": """
        SELECT conname FROM pg_constraint JOIN pg_class AS target ON target.oid = confrelid
        WHERE connamespace = current_schema()::regnamespace AND relnamespace <> connamespace""",
    "something other than a table, its index or its sequence": """
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind NOT IN ('r', 'i', 'S')""",
    "a trigger": """
        SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal""",
    "a function": """
        SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace""",
    "a type of its own": """
        SELECT typname FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typtype NOT IN ('c', 'b')""",
    "an inheriting table": """
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE relnamespace = current_schema()::regnamespace""",
    "row-level security": """
        SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relrowsecurity""",
    "a sequence that is no identity": """
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'i')""",
    "a name of a table or an index that is too long": """
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i') AND length(relname) > 50""",
    "a name of a constraint that is too long": """
        SELECT conname FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace AND length(conname) > 50""",
    "a table name that public has too": """
        SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
        AND to_regclass('public.' || quote_ident(relname)) IS NOT NULL""",
}
OFFENCES = (
    "CREATE TABLE keyless (a integer)",
    "CREATE TABLE leaving (a uuid PRIMARY KEY REFERENCES public.tenants)",
    "CREATE VIEW view AS SELECT 1",
    "CREATE FUNCTION function() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER trigger BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION function()",
    "CREATE TYPE colour AS ENUM ('red')",
    "CREATE TABLE child () INHERITS (events)",
    "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
    "CREATE TABLE numbered (a serial PRIMARY KEY)",
    f"CREATE TABLE {'t' * 51} (a integer PRIMARY KEY)",
    f"ALTER TABLE events ADD CONSTRAINT {'c' * 51} CHECK (true)",
    "CREATE TABLE users (a integer PRIMARY KEY)",
)


@pytest.fixture
async def database(fresh_database: str) -> AsyncIterator[Database]:
    async with public_only(fresh_database) as database:
        await provision(database, LIVE)
        yield database


async def forbidden_in(database: Database, schema: str) -> dict[str, list[str]]:
    """What the schema holds of what it must not."""
    async with database.transaction(schema) as session:
        found = {what: list(await session.scalars(text(query))) for what, query in FORBIDDEN.items()}
    return {what: names for what, names in found.items() if names}


class TestCreateSchemas:
    @pytest.mark.parametrize("schema", [LIVE, SANDBOX])
    async def test_makes_the_tables_of_the_models(self, database: Database, schema: str) -> None:
        async with database.transaction(schema) as session:
            connection = await session.connection()
            differences = await connection.run_sync(
                lambda sync: compare_metadata(MigrationContext.configure(sync), TenantBase.metadata)
            )
        assert differences == []
        assert await tables_in(database, schema) == {*TenantBase.metadata.tables, "alembic_version"}

    @pytest.mark.parametrize("schema", [LIVE, SANDBOX])
    async def test_stamps_the_head_of_the_chain(self, database: Database, schema: str) -> None:
        async with database.transaction(schema) as session:
            stamped = list(await session.scalars(text("SELECT version_num FROM alembic_version")))
        assert stamped == [head_revision("tenant")]


class TestReadinessForSharding:
    @pytest.mark.parametrize("schema", [LIVE, SANDBOX])
    async def test_a_tenant_schema_holds_nothing_forbidden(self, database: Database, schema: str) -> None:
        assert await forbidden_in(database, schema) == {}

    async def test_every_rule_would_notice_an_offence(self, database: Database) -> None:
        await run(database, LIVE, *OFFENCES)
        assert (await forbidden_in(database, LIVE)).keys() == FORBIDDEN.keys()
