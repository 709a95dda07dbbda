"""Who can do what: docs/access.md, held against the running service, operation by operation."""

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.main import create_app
from app.settings import Settings
from tests.actors import Platform
from tests.conftest import Caller as ClientOf
from tests.docs.markdown import ROOT
from tests.matrix.callers import PLATFORM_HOST, Caller, World
from tests.matrix.operations import Observer, Operation, operations

TABLE = ROOT / "docs" / "access.md"
HEADING = ["operation", "address", "anyone", *Role, "scope", "test token", "masked"]
DOCUMENT = create_app(Settings(_env_file=None)).openapi()
OPERATIONS = {operation.id: operation for operation in operations(DOCUMENT)}


def rows() -> dict[str, str]:
    """The lines of the table by their operation."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")]
    heading, *rest = lines
    assert [cell.strip() for cell in heading.strip("|").split("|")] == HEADING
    return {line.split("|")[1].strip(): line for line in rest}


@pytest.fixture(scope="module")
async def observer(app: FastAPI, platform: Platform, at: ClientOf) -> Observer:
    world = World(app, await platform.sign_up(), await platform.sign_up(), at)
    await world.populate()
    return Observer(world)


class TestAccess:
    def test_every_operation_has_its_row_and_no_other(self) -> None:
        assert list(rows()) == list(OPERATIONS)

    @pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
    async def test_is_as_the_table_says(self, operation: Operation, observer: Observer) -> None:
        assert str(await observer.observe(operation)) == rows().get(operation.id)

    @pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
    async def test_ends_at_the_own_host(self, operation: Operation, observer: Observer) -> None:
        world = observer.world
        if await observer.reaches_anonymously(operation, world.business.host):
            return
        for role in Role:
            strange = {PLATFORM_HOST, world.business.host, world.other.host} - {world.host_of(role)}
            for host in sorted(strange):
                assert not await observer.reaches_as(operation, Caller(role), host), (role, host)
