"""What nobody does in another's place, whatever the API has: read from its OpenAPI document and its routes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.auth.dependencies import Permitted, in_person
from app.auth.permissions import WITHHELD_WHILE_MASQUERADING, Permission
from app.auth.roles import Role
from app.core.ids import uuid7
from app.main import create_app
from app.routers.routing import API_PREFIX
from app.settings import Settings
from tests.actors import Business, Platform
from tests.auth.cast import API, Cast, Masked
from tests.conftest import Caller

APP = create_app(Settings(_env_file=None))
OWN_ACCOUNT = {"changePassword", "changeEmail", "beginTotp", "renewRecoveryCodes", "addPasskey", "endMySession"}
"""Some of what is for the user in person, to be found among the operations: so that the search is not in vain."""


@dataclass(frozen=True)
class Operation:
    """A method of an address, and what it asks of its caller."""

    id: str
    method: str
    path: str
    calls: tuple[Any, ...]

    @property
    def target(self) -> str:
        return re.sub(r"\{\w+\}", lambda _match: str(uuid7()), self.path)

    @property
    def permissions(self) -> set[Permission]:
        return {call.permission for call in self.calls if isinstance(call, Permitted)}


def operations() -> Iterator[Operation]:
    """Those that the document describes, with the dependencies of their routes."""
    described = APP.openapi()["paths"]
    for route in APP.routes:
        if isinstance(route, APIRoute) and route.path.startswith(API_PREFIX) and route.path in described:
            calls = tuple(dependency.call for dependency in route.dependant.dependencies)
            for method in route.methods or ():
                yield Operation(route.unique_id, method, route.path, calls)


OPERATIONS = {operation.id: operation for operation in operations()}
DELETIONS = [each for each in OPERATIONS.values() if each.method == "DELETE" and each.id != "endMasquerade"]
IN_PERSON = [each for each in OPERATIONS.values() if in_person in each.calls]
WITHHELD = [each for each in OPERATIONS.values() if each.permissions & WITHHELD_WHILE_MASQUERADING]


@dataclass(frozen=True)
class Masks:
    """A superuser acting as an owner of a business, and as another superuser: those who can do most."""

    at_business: Masked
    at_platform: Masked

    async def refusals(self, operation: Operation) -> set[tuple[int, str]]:
        """What the operation answers to both. It exists at one of the two hosts at least."""
        found = set()
        for masked in (self.at_business, self.at_platform):
            body: dict[str, Any] | None = {} if operation.method in {"POST", "PUT", "PATCH"} else None
            answer = await masked.client.request(operation.method, operation.target, json=body)
            assert answer.status_code >= 400, answer.text
            found.add((answer.status_code, answer.json()["code"]))
        return found - {(404, "not-found")}


@pytest.fixture(scope="module")
async def masks(app: FastAPI, at: Caller, platform: Platform) -> Masks:
    cast, business = Cast(app, at), await platform.sign_up()
    root, owner = await cast.add(Role.SUPERUSER), await cast.add(Role.TENANT_OWNER, business)
    other_root = await cast.add(Role.SUPERUSER)
    return Masks(await cast.mask(root, owner, business), await cast.mask(root, other_root))


class TestWhileMasquerading:
    def test_the_lists_are_not_empty(self) -> None:
        assert len(DELETIONS) >= 5
        assert {each.id for each in IN_PERSON} >= OWN_ACCOUNT
        assert {"createToken", "giveGrants", "beginMasquerade", "updateStaff"} <= {each.id for each in WITHHELD}

    @pytest.mark.parametrize("operation", DELETIONS, ids=lambda each: each.id)
    async def test_nothing_is_deleted(self, masks: Masks, operation: Operation) -> None:
        assert await masks.refusals(operation) <= {(403, "in-person-only"), (403, "permission-denied")} != set()

    @pytest.mark.parametrize("operation", IN_PERSON, ids=lambda each: each.id)
    async def test_nothing_of_the_users_own_account_is_touched(self, masks: Masks, operation: Operation) -> None:
        assert await masks.refusals(operation) == {(403, "in-person-only")}

    @pytest.mark.parametrize("operation", WITHHELD, ids=lambda each: each.id)
    async def test_no_power_is_handed_out(self, masks: Masks, operation: Operation) -> None:
        refusals = {(403, "permission-denied"), (409, "already-masquerading")}
        assert await masks.refusals(operation) <= refusals != set()

    async def test_each_request_is_in_the_trail_before_it_runs(self, cast: Cast, business: Business) -> None:
        owner, user = await cast.add(Role.TENANT_OWNER, business), await cast.add(Role.TENANT_MANAGER, business)
        masked = await cast.mask(owner, user, business)
        await masked.client.get(f"{API}/services")
        await masked.client.post(f"{API}/services", json={"nonsense": True})
        acted = [entry for entry in await cast.by(owner) if entry.event == "masquerade.acted"]
        assert [(entry.method, entry.route) for entry in acted] == [
            ("GET", f"{API}/services"),
            ("POST", f"{API}/services"),
        ]
        assert {(entry.user_id, entry.session_id) for entry in acted} == {(user.id, masked.session_id)}
