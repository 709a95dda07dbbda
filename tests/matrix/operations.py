"""The operations of the API as its OpenAPI document has them, and who can reach each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx

from app.auth.cookies import SANDBOX_CHOSEN, SANDBOX_MODE
from app.auth.permissions import SCOPES, Area, Permission
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
    "not-masquerading",
}
_STATUSES = {401, 403, 404, 409}
_NO_REFUSALS = {("refreshSession", "session-invalid")}
"""What is about something else than the caller: here about the refresh token, of which none is sent."""
_NO_COOKIES: Mapping[str, str] = MappingProxyType({})
_IN_SANDBOX = MappingProxyType({"Cookie": f"{SANDBOX_MODE}={SANDBOX_CHOSEN}"})
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

    @property
    def ids(self) -> list[str]:
        """What its address names by their ids."""
        return re.findall(r"\{(\w+_id)\}", self.path)

    @property
    def least_body(self) -> dict[str, Any] | None:
        """An empty object, where a body can be sent at all."""
        return None if self.method in {"GET", "DELETE"} else {}


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
    sandbox: str
    test_token: bool
    masked: str

    def __str__(self) -> str:
        address = f"`{self.operation.method} {self.operation.path.removeprefix(API_PREFIX)}`"
        who = [_yes(self.anyone), *self.roles.values(), self.sandbox]
        cells = [*who, self.scopes, _yes(self.test_token), self.masked]
        return f"| {self.operation.id} | {address} |" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def _yes(holds: bool) -> str:
    return "yes" if holds else ""


@dataclass(frozen=True)
class Observer:
    """Finds out who reaches an operation by trying."""

    world: World

    async def observe(self, operation: Operation) -> Row:
        """Try everybody."""
        roles = {role: await self._role(operation, role) for role in Role}
        in_person = [role for role, cell in roles.items() if cell == "yes"]
        return Row(
            operation,
            anyone=await self.reaches_anonymously(operation, self.world.business.host),
            roles=roles,
            sandbox=await self._in_sandbox(operation, in_person),
            scopes=await self._scopes(operation),
            test_token=await self.reaches_with_any_scope(operation, Mode.SANDBOX, self.world.business.host),
            masked=await self._masked(operation, in_person),
        )

    async def _role(self, operation: Operation, role: Role) -> str:
        if await self.reaches_as(operation, Caller(role)):
            return "yes"
        if role is not Role.TENANT_STAFF:
            return ""
        areas = [area for area in Area if await self.reaches_as(operation, Caller(role, (area,)))]
        return ", ".join(areas)

    async def _in_sandbox(self, operation: Operation, roles: list[Role]) -> str:
        reached = [role for role in roles if await self.reaches_as(operation, Caller(role), cookies=_IN_SANDBOX)]
        return "yes" if reached and reached == roles else ", ".join(reached)

    async def _masked(self, operation: Operation, roles: list[Role]) -> str:
        """Where nobody reaches it in person, all are tried."""
        tried = roles or list(Role)
        reached = [role for role in tried if await self.reaches_as(operation, Caller(role, is_masked=True))]
        return "yes" if reached == tried else ", ".join(reached)

    async def _scopes(self, operation: Operation) -> str:
        """One after the other, unless a token needs none, or all of them do not help."""
        host = self.world.business.host
        if await self._reaches_with(operation, frozenset(), Mode.LIVE, host):
            return "any"
        if not await self.reaches_with_any_scope(operation, Mode.LIVE, host):
            return ""
        alone = [s for s in sorted(SCOPES) if await self._reaches_with(operation, frozenset({s}), Mode.LIVE, host)]
        return ", ".join(alone)

    async def reaches_with_any_scope(self, operation: Operation, mode: Mode, host: str) -> bool:
        """Whether a token of the business that may all that tokens can gets past permission at this host."""
        return await self._reaches_with(operation, SCOPES, mode, host)

    async def _reaches_with(self, operation: Operation, scopes: frozenset[Permission], mode: Mode, host: str) -> bool:
        return await self._reaches(operation, host, await self.world.token(scopes, mode))

    async def reaches_as(
        self,
        operation: Operation,
        caller: Caller,
        host: str | None = None,
        cookies: Mapping[str, str] = _NO_COOKIES,
    ) -> bool:
        """Whether this caller gets past authentication and permission, at this host or where they are at home."""
        credential = await self.world.credential(caller)
        reached = await self._reaches(operation, host or self.world.host_of(caller.role), credential, cookies)
        if operation.method != "GET":
            self.world.spend(caller)
        return reached

    async def reaches_anonymously(self, operation: Operation, host: str) -> bool:
        """Whether one need not say who one is."""
        return await self._reaches(operation, host, None)

    async def _reaches(
        self, operation: Operation, host: str, credential: str | None, cookies: Mapping[str, str] = _NO_COOKIES
    ) -> bool:
        answer = await self._call(operation, host, credential, cookies)
        assert answer.status_code < 500, (operation, answer.text)
        if answer.status_code not in _STATUSES:
            return True
        code = answer.json()["code"]
        return code not in _REFUSALS or (operation.id, code) in _NO_REFUSALS

    async def _call(
        self, operation: Operation, host: str, credential: str | None, cookies: Mapping[str, str]
    ) -> httpx.Response:
        client = self.world.client(host)
        headers = {**cookies} | ({"Authorization": f"Bearer {credential}"} if credential else {})
        answer = await client.request(operation.method, operation.target(), json=operation.least_body, headers=headers)
        client.cookies.clear()
        return answer
