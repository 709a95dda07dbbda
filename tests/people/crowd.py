"""People of every role, made straight in the database and logged in at their hosts."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import InvitationRow, OneTimeCodeRow, TotpSecretRow, UserRow
from app.models.tenant import CustomerRow
from app.people.users import create_user
from app.tenancy.mode import Mode
from tests.actors import PASSWORD, Business, log_in

PLATFORM_HOST = "platform.localhost"
NEW_PASSWORD = "another long and private phrase"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """A user, and a client of their host in a session of theirs."""

    id: str
    email: str
    client: httpx.AsyncClient

    @property
    def uuid(self) -> UUID:
        return UUID(self.id)


class Crowd:
    """Makes people, and looks at what the API says of them."""

    def __init__(self, app: FastAPI, at: Callable[..., httpx.AsyncClient]) -> None:
        self.app = app
        self.at = at

    async def add(self, role: Role, business: Business | None = None, *, areas: Iterable[str] = ()) -> Person:
        """Somebody new at the business, or at the platform."""
        email = f"person-{next(_numbers)}@people.example"
        async with self.app.state.database.transaction() as session:
            user = await create_user(
                session,
                email=email,
                name="Pat Person",
                password=PASSWORD,
                role=role,
                tenant_id=UUID(business.id) if business else None,
                now=utcnow(),
            )
            user.areas = list(areas)
        return Person(str(user.id), email, await self.session_of(email, business))

    async def session_of(
        self, email: str, business: Business | None = None, password: str = PASSWORD
    ) -> httpx.AsyncClient:
        """A client with a fresh log-in."""
        host = business.host if business else PLATFORM_HOST
        return self.at(host, await log_in(self.at(host), email, password))

    async def change(self, statement: Any) -> None:
        """Change the shared tables past the API."""
        async with self.app.state.database.transaction() as session:
            await session.execute(statement)

    async def give_second_factor(self, person: Person) -> None:
        """An authenticator app. Nobody needs to know its secret."""
        async with self.app.state.database.transaction() as session:
            session.add(
                TotpSecretRow(
                    user_id=UUID(person.id), sealed="", confirmed_at=utcnow(), last_step=0, created_at=utcnow()
                )
            )

    async def deactivate(self, person: Person) -> None:
        """Shut somebody out past the API."""
        await self.change(update(UserRow).where(UserRow.id == person.uuid).values(is_active=False))

    async def masked(self, business: Business, user_id: str) -> httpx.AsyncClient:
        """A client of the business with which a superuser acts in this user's place."""
        superuser = await self.add(Role.SUPERUSER)
        body = {"user_id": user_id, "reason": "A look at what they see"}
        begun = await superuser.client.post("/api/v1/masquerade", json=body)
        assert begun.status_code == 200, begun.text
        code = begun.json()["handover"]["code"]
        taken = await self.at(business.host).post("/api/v1/masquerade/redeem", json={"code": code})
        assert taken.status_code == 200, taken.text
        return self.at(business.host, taken.json()["access_token"])

    async def customers(self, business: Business) -> list[CustomerRow]:
        """The business's live records, the oldest first."""
        async with self._records(business) as session:
            return list(await session.scalars(select(CustomerRow).order_by(CustomerRow.id)))

    async def log_in_belongs_to(self, business: Business, customer_id: str, user_id: UUID) -> None:
        """Have this user log in as the customer."""
        async with self._records(business) as session:
            (await session.get_one(CustomerRow, UUID(customer_id))).user_id = user_id

    @asynccontextmanager
    async def _records(self, business: Business) -> AsyncIterator[AsyncSession]:
        tenant = await self.app.state.hosts.require(UUID(business.id), now=utcnow())
        async with self.app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            yield session

    async def let_links_expire(self, email: str) -> None:
        """Make it too late for what was sent to this address, or about its user."""
        user_id = select(UserRow.id).where(UserRow.email == email)
        await self.change(update(OneTimeCodeRow).where(OneTimeCodeRow.user_id.in_(user_id)).values(expires_at=utcnow()))
        await self.change(update(InvitationRow).where(InvitationRow.email == email).values(expires_at=utcnow()))


def acceptance(token: str, **changes: Any) -> dict[str, Any]:
    """The body with which an invitation is accepted."""
    return {"token": token, "name": "Grace Hopper", "password": NEW_PASSWORD} | changes


async def trail(client: httpx.AsyncClient, event: str) -> list[dict[str, Any]]:
    """The entries of this event that the caller can read, the latest first."""
    answer = await client.get("/api/v1/audit", params={"event": event})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def outcome(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]
