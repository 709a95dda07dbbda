"""The recorder that every test runs under: it hears the application, and knows what to refuse."""

import pytest

from app.db.engine import make_engine
from app.settings import Settings
from tests.actors import Business
from tests.tenancy.statements import offences, recording


class TestRecording:
    async def test_hears_what_the_application_sends(self, business: Business) -> None:
        with recording() as sent:
            await business.make("/customers", {"name": "Grace"})
        assert any(statement.startswith("INSERT INTO customers") for statement in sent)

    async def test_hears_what_goes_past_sqlalchemy(self, settings: Settings) -> None:
        with recording() as sent:
            engine = make_engine(settings.database_url, pool_size=1)
            async with engine.connect() as connection:
                driver = (await connection.get_raw_connection()).driver_connection
                assert driver is not None
                await driver.fetch("SELECT 'to the driver'")
            await engine.dispose()
        assert "SELECT 'to the driver'" in sent


class TestOffences:
    @pytest.mark.parametrize(
        ("statement", "offence"),
        [
            ("SELECT 1 FROM customers JOIN public.users ON true", "touches a shared table too"),
            ("SELECT 1 FROM customers, tenant_other.customers", "names a schema"),
            ("UPDATE customers SET updated_at = now()", "asks the server for the time"),
            ("UPDATE customers SET updated_at = CURRENT_TIMESTAMP", "asks the server for the time"),
            ("UPDATE claims SET expires_at = expires_at + interval '1 hour'", "reckons with intervals"),
            ("INSERT INTO customers (id) VALUES (gen_random_uuid())", "asks the server for an id"),
            ("SELECT current_schema() FROM customers", "asks which schema it is in"),
            ("MERGE INTO customers USING claims ON true", "merges"),
        ],
    )
    def test_are_named(self, statement: str, offence: str) -> None:
        assert offences(statement) == [offence]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE customers SET updated_at = $1 WHERE id = $2",
            "SELECT now() FROM public.users",
            "SELECT current_schema() FROM pg_class",
        ],
    )
    def test_are_not_found_where_there_are_none(self, statement: str) -> None:
        assert offences(statement) == []
