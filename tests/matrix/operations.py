"""The operations of the API as its OpenAPI document has them, and who can reach each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from app.auth.permissions import SCOPES, Area
from app.auth.roles import Role
from app.core.ids import uuid7
from app.routers.routing import API_PREFIX
from app.tenancy.mode import Mode
from tests.matrix.callers import Caller, World

_REFUSALS = {
    "unauthenticated",
    "token-invalid",
    "session-invalid",
    "permission-denied",
    "in-person-only",
    "not-found",
    "enrolment-required",
    "sandbox-not-allowed",
    "already-masquerading",
}
_METHODS = {"get", "post", "put", "patch", "delete"}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str

    def target(self) -> str:
        """An address of it: with ids that name nothing."""
        return re.sub(r"\{\w+\}", lambda _match: str(uuid7()), self.path)


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Every operation of the API proper."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if method in _METHODS and path.startswith(API_PREFIX):
                yield Operation(described["operationId"], method.upper(), path)


@dataclass(frozen=True)
class Row:
    """Who reaches an operation, as the table in docs/access.md says it."""

    operation: Operation
    anyone: bool
    roles: dict[Role, str]
    scopes: str
    test_token: bool
    masked: str

    def __str__(self) -> str:
        address = f"`{self.operation.method} {self.operation.path.removeprefix(API_PREFIX)}`"
        cells = [_yes(self.anyone), *self.roles.values(), self.scopes, _yes(self.test_token), self.masked]
        return f"| {self.operation.id} | {address} |" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


@dataclass(frozen=True)
class Observer:
    """Finds out who reaches an operation by trying."""

    world: World

    async def observe(self, operation: Operation) -> Row:
        """Try everybody."""
        if await self.reaches_anonymously(operation, self.world.business.host):
            return Row(operation, True, dict.fromkeys(Role, "yes"), "any", True, "yes")
        roles = {role: await self._role(operation, role) for role in Role}
        scopes = [s for s in sorted(SCOPES) if await self._token(operation, frozenset({s}), Mode.LIVE)]
        return Row(
            operation,
            anyone=False,
            roles=roles,
            scopes="any" if len(scopes) == len(SCOPES) else ", ".join(scopes),
            test_token=await self._token(operation, SCOPES, Mode.SANDBOX),
            masked=await self._masked(operation, [role for role, cell in roles.items() if cell == "yes"]),
        )

    async def _role(self, operation: Operation, role: Role) -> str:
        if await self.reaches_as(operation, Caller(role)):
            return "yes"
        if role is not Role.TENANT_STAFF:
            return ""
        areas = [area for area in Area if await self.reaches_as(operation, Caller(role, (area,)))]
        return ", ".join(areas)

    async def _masked(self, operation: Operation, roles: list[Role]) -> str:
        reached = [role for role in roles if await self.reaches_as(operation, Caller(role, is_masked=True))]
        return "yes" if reached == roles else ", ".join(reached)

    async def _token(self, operation: Operation, scopes: frozenset[Any], mode: Mode) -> bool:
        return await self._reaches(operation, self.world.business.host, await self.world.token(scopes, mode))

    async def reaches_as(self, operation: Operation, caller: Caller, host: str | None = None) -> bool:
        """Whether this caller gets past authentication and permission, at this host or where they are at home."""
        credential = await self.world.credential(caller)
        reached = await self._reaches(operation, host or self.world.host_of(caller.role), credential)
        if operation.method != "GET":
            self.world.spend(caller)
        return reached

    async def reaches_anonymously(self, operation: Operation, host: str) -> bool:
        """Whether one need not say who one is."""
        return await self._reaches(operation, host, None)

    async def _reaches(self, operation: Operation, host: str, credential: str | None) -> bool:
        answer = await self._call(operation, host, credential)
        assert answer.status_code < 500, (operation, answer.text)
        refusals = _REFUSALS if credential else _REFUSALS - {"session-invalid"}  # a refresh token that was not sent
        return not (answer.status_code in {401, 403, 404} and answer.json()["code"] in refusals)

    async def _call(self, operation: Operation, host: str, credential: str | None) -> httpx.Response:
        body: dict[str, Any] | None = None if operation.method in {"GET", "DELETE"} else {}
        client = self.world.client(host)
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        answer = await client.request(operation.method, operation.target(), json=body, headers=headers)
        client.cookies.clear()
        return answer
