"""Who can do what: docs/access.md, held against the running service, operation by operation."""

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.main import create_app
from app.settings import Settings
from app.tenancy.mode import Mode
from tests.actors import Platform
from tests.auth.cast import Cast
from tests.conftest import Caller as ClientOf
from tests.docs.markdown import ROOT
from tests.matrix.callers import PLATFORM_HOST, Caller, World
from tests.matrix.operations import Observer, Operation, operations
from tests.matrix.possessions import BODIES, possessions

TABLE = ROOT / "docs" / "access.md"
HEADING = ["operation", "address", "anyone", *Role, "sandbox", "scope", "test token", "masked"]
DOCUMENT = create_app(Settings(_env_file=None)).openapi()
OPERATIONS = {operation.id: operation for operation in operations(DOCUMENT)}
WITH_IDS = {operation.id: operation for operation in OPERATIONS.values() if operation.ids}
READING_AT_A_BUSINESS = {
    operation.id: operation
    for operation in WITH_IDS.values()
    if operation.method == "GET" and "/platform/" not in operation.path
}


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


@pytest.fixture(scope="module")
async def own(app: FastAPI, at: ClientOf, observer: Observer) -> dict[str, str]:
    """The ids of what the business has."""
    return await possessions(app, Cast(app, at), observer.world.business)


@pytest.fixture(scope="module")
async def strange(app: FastAPI, at: ClientOf, observer: Observer) -> dict[str, str]:
    """The ids of what the other business has."""
    return await possessions(app, Cast(app, at), observer.world.other)


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
        for mode in Mode:
            for host in (PLATFORM_HOST, world.other.host):
                assert not await observer.reaches_with_any_scope(operation, mode, host), (mode, host)


class TestOtherBusiness:
    """An owner who knows the ids of what another business has."""

    @pytest.mark.parametrize("operation", WITH_IDS.values(), ids=list(WITH_IDS))
    async def test_what_it_has_is_not_found(
        self, operation: Operation, observer: Observer, own: dict[str, str], strange: dict[str, str]
    ) -> None:
        owner = observer.world.business.owner
        last = operation.ids[-1]
        for address in {operation.path.format(**strange), operation.path.format(**own | {last: strange[last]})}:
            answer = await owner.request(operation.method, address, json=BODIES.get(operation.id, operation.least_body))
            assert answer.status_code == 404, (address, answer.text)

    @pytest.mark.parametrize("operation", READING_AT_A_BUSINESS.values(), ids=list(READING_AT_A_BUSINESS))
    async def test_it_is_there_for_its_own_owner(
        self, operation: Operation, observer: Observer, strange: dict[str, str]
    ) -> None:
        answer = await observer.world.other.owner.get(operation.path.format(**strange))
        assert answer.status_code == 200, answer.text
