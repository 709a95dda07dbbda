"""A business with a help desk, and people on both sides of it."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from tests.actors import Business
from tests.conftest import Caller as ClientOf
from tests.people.crowd import Crowd, Person

TICKETS = "/api/v1/tickets"


@dataclass(frozen=True)
class Desk:
    """The desk of a business."""

    business: Business
    crowd: Crowd

    async def member(self, *areas: str) -> Person:
        """Somebody who works there."""
        return await self.crowd.add(Role.TENANT_STAFF, self.business, areas=areas)

    async def guest(self, name: str = "Clara") -> tuple[Person, str]:
        """Somebody who logs in as a customer, and the id of their record."""
        person = await self.crowd.add(Role.CUSTOMER, self.business)
        customer = await self.business.make("/customers", {"name": name, "email": person.email})
        await self.crowd.log_in_belongs_to(self.business, customer["id"], person.uuid)
        return person, str(customer["id"])

    async def opened(self, client: httpx.AsyncClient | None = None, **changes: Any) -> dict[str, Any]:
        """A ticket, opened by the owner if nobody else is named."""
        body = {"subject": "My colour has faded", "body": "It was fine on Monday."} | changes
        return await self.business.make("/tickets", body, client=client)

    async def say(self, ticket: dict[str, Any], client: httpx.AsyncClient, body: str, **more: Any) -> httpx.Response:
        return await client.post(f"{TICKETS}/{ticket['id']}/messages", json={"body": body, **more})

    async def heard(self, ticket: dict[str, Any], client: httpx.AsyncClient) -> list[tuple[str, str]]:
        """What the caller reads there: who says what."""
        answer = await client.get(f"{TICKETS}/{ticket['id']}/messages")
        assert answer.status_code == 200, answer.text
        return [(message["author"], message["body"]) for message in answer.json()["items"]]

    async def read(self, ticket: dict[str, Any], client: httpx.AsyncClient | None = None) -> dict[str, Any]:
        answer = await (client or self.business.owner).get(f"{TICKETS}/{ticket['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def desk(app: FastAPI, at: ClientOf, business: Business) -> Desk:
    return Desk(business, Crowd(app, at))
