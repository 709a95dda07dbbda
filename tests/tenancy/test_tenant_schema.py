import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.tenancy.mode import Mode
from app.tenancy.tenant import home_of
from tests.actors import Business


class TestHomeOf:
    async def test_is_the_schema_that_the_transaction_runs_in(self, app: FastAPI, bystander: Business) -> None:
        host = await app.state.hosts.resolve(bystander.host, now=utcnow())
        for mode in Mode:
            async with app.state.database.transaction(host.tenant.schema(mode)) as session:
                home = home_of(session)
            assert (home, home.tenant_id, home.mode) == (host.tenant.schema(mode), host.tenant.id, mode)

    async def test_is_nowhere_outside_of_a_business(self, app: FastAPI) -> None:
        async with app.state.database.transaction() as session:
            with pytest.raises(LookupError):
                home_of(session)
