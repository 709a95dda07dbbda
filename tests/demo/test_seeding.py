"""The demo as it lies in the database."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from app.auth.passwords import verify_password
from app.core.crypto import Keyring
from app.db.engine import make_engine
from app.db.session import Database
from app.demo import logins, seeding
from app.development.postgres import Postgres
from app.errors import SlugTaken
from app.tenancy.migrations import migrate_public

NOW = datetime(2026, 10, 20, 9, 20, tzinfo=UTC)  # Berlin's clocks change five days later
KEYRING = Keyring("a secret key that only the tests know of")
LIVE = ["tenant_demo", "tenant_garage"]

STAYS_OUTSIDE_HOURS = """
    SELECT count(*) FROM (
      SELECT r.id, start_at AT TIME ZONE r.timezone AS starts, end_at AT TIME ZONE r.timezone AS ends
      FROM appointments a JOIN resources r ON r.id = ANY (a.resource_ids)
    ) stay
    WHERE NOT EXISTS (
      SELECT FROM (
        SELECT starts_at_local AS opens, ends_at_local AS closes FROM schedule_rules
        WHERE resource_id = stay.id AND weekday = extract(isodow FROM stay.starts) AND NOT EXISTS (
          SELECT FROM schedule_overrides WHERE resource_id = stay.id AND local_date = stay.starts::date
        )
        UNION ALL
        SELECT (hours ->> 'start')::time, (hours ->> 'end')::time
        FROM schedule_overrides, jsonb_array_elements(windows) hours
        WHERE resource_id = stay.id AND local_date = stay.starts::date
      ) AS hours
      WHERE opens <= stay.starts::time AND stay.ends::time <= closes
    )"""
CLAIMS_MISSING_OR_STRAY = """
    WITH expected AS (
      SELECT resource_id, start_at - buffer_before_minutes * interval '1 minute' AS opens,
        end_at + buffer_after_minutes * interval '1 minute' AS closes, a.expires_at
      FROM appointments a JOIN services s ON s.id = a.service_id, unnest(resource_ids) resource_id
      WHERE status <> 'cancelled'
      UNION ALL SELECT resource_id, start_at, end_at, NULL FROM blocks
    ), actual AS (SELECT resource_id, lower(during), upper(during), expires_at FROM claims)
    SELECT count(*) FROM (
      (TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected)
    ) AS difference"""

Query = Callable[..., str]


async def seed(database: Database, keyring: Keyring = KEYRING) -> list[str]:
    steps: list[str] = []
    await seeding.seed(database, keyring, with_superuser=True, now=NOW, on_progress=steps.append)
    return steps


async def empty(postgres_server: Postgres, name: str) -> Database:
    postgres_server.query(f"CREATE DATABASE {name}")
    url = postgres_server.url_of(name)
    await migrate_public(url)
    return Database(make_engine(url, pool_size=1))


@pytest.fixture(scope="module")
async def database(postgres_server: Postgres) -> AsyncIterator[Database]:
    """A database with the demo in it."""
    seeded = await empty(postgres_server, "seeded")
    assert len(await seed(seeded)) == seeding.STEPS
    yield seeded
    await seeded.close()


@pytest.fixture
def query(postgres_server: Postgres, database: Database) -> Query:
    name = database.engine.url.database
    assert name is not None

    def query(sql: str, schema: str = "public") -> str:
        return postgres_server.query(f"SET search_path TO {schema}, public; {sql}", database=name)

    return query


class TestSeed:
    def test_makes_the_salon_as_described(self, query: Query) -> None:
        kinds = "SELECT kind, count(*) FROM tenant_demo.resources GROUP BY kind ORDER BY kind"
        assert query(kinds).split() == ["equipment|1", "room|2", "staff|6"]
        assert query("SELECT count(*) FROM tenant_demo.services") == "12"
        assert query("SELECT count(DISTINCT email) FROM tenant_demo.customers") == "200"
        assert int(query("SELECT count(*) FROM tenant_demo.appointments")) > 400
        assert query("SELECT count(*) FROM tenant_demo.appointments WHERE status = 'pending'") != "0"

    def test_reaches_two_weeks_back_and_ahead(self, query: Query) -> None:
        days = query("SELECT min(start_at)::date || ' ' || max(start_at)::date FROM tenant_demo.appointments")
        assert days == "2026-10-06 2026-11-02"

    @pytest.mark.parametrize("schema", LIVE)
    def test_books_nothing_outside_the_hours(self, query: Query, schema: str) -> None:
        assert query(STAYS_OUTSIDE_HOURS, schema) == "0"

    @pytest.mark.parametrize("schema", LIVE)
    def test_claims_every_stay_with_its_buffers_and_nothing_else(self, query: Query, schema: str) -> None:
        assert query(CLAIMS_MISSING_OR_STRAY, schema) == "0"

    @pytest.mark.parametrize("schema", LIVE)
    def test_fills_the_sandbox_without_a_diary(self, query: Query, schema: str) -> None:
        services = "SELECT count(*) FROM services"
        assert query(services, f"{schema}_sandbox") == query(services, schema)
        assert query("SELECT count(*) FROM customers", f"{schema}_sandbox") == str(seeding.SANDBOX_CUSTOMERS)
        assert query("SELECT count(*) FROM claims", f"{schema}_sandbox") == "0"

    async def test_done_again_changes_nothing(self, query: Query, database: Database) -> None:
        state = """
            SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM (
              SELECT email, password_hash, users.updated_at, slug FROM users LEFT JOIN tenants t ON t.id = tenant_id
              UNION ALL SELECT id::text, status, updated_at, '' FROM tenant_demo.appointments
            ) row"""
        before = query(state)
        await seed(database)
        assert query(state) == before

    async def test_with_another_secret_key_gives_passwords_that_fit_it(self, query: Query, database: Database) -> None:
        keyring = Keyring("another secret key, after the first was lost")
        await seed(database, keyring)
        hashes = dict(line.split("|") for line in query("SELECT email, password_hash FROM users").splitlines())
        for login in (logins.SUPERUSER, *logins.OWNERS):
            stored = hashes[login.email]
            assert await verify_password(logins.password_of(login, keyring), stored)
            assert not await verify_password(logins.password_of(login, KEYRING), stored)
        await seed(database)

    async def test_leaves_a_real_business_of_that_name_alone(self, query: Query, database: Database) -> None:
        query("UPDATE tenants SET is_temporary = false WHERE slug = 'garage'")
        with pytest.raises(SlugTaken):
            await seed(database)
        query("UPDATE tenants SET is_temporary = true WHERE slug = 'garage'")

    async def test_is_the_same_business_for_the_same_day(self, query: Query, postgres_server: Postgres) -> None:
        twin = await empty(postgres_server, "twin")
        await seed(twin)
        await twin.close()
        content = """
            SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM (
              SELECT s.name AS service, c.name, c.email, c.phone, start_at, status, a.created_at, cancel_reason
              FROM tenant_demo.appointments a
              JOIN tenant_demo.services s ON s.id = service_id JOIN tenant_demo.customers c ON c.id = customer_id
            ) row"""
        assert postgres_server.query(content, database="twin") == query(content)
