"""A business that asks the platform for help, and the platform's people who answer."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from tests.actors import Business
from tests.conftest import Caller as ClientOf
from tests.people.crowd import Crowd, Person

OWN = "/api/v1/platform-tickets"
DESK = "/api/v1/platform/tickets"


@dataclass(frozen=True)
class Help:
    """Both ends of the line."""

    business: Business
    crowd: Crowd
    agent: Person

    async def asked(self, client: httpx.AsyncClient | None = None, **changes: Any) -> dict[str, Any]:
        """A ticket of the owner's, if nobody else is named."""
        body = {"subject": "Bookings vanish", "body": "Since this morning."} | changes
        return await self.business.make("/platform-tickets", body, client=client)

    async def answered(self, ticket: dict[str, Any], body: str = "We look.", **more: Any) -> dict[str, Any]:
        """What the agent says about it."""
        answer = await self.agent.client.post(f"{DESK}/{ticket['id']}/messages", json={"body": body, **more})
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def replied(self, ticket: dict[str, Any], body: str = "Still so.") -> dict[str, Any]:
        """What the owner says about it."""
        return await self.business.make(f"/platform-tickets/{ticket['id']}/messages", {"body": body})

    async def changed(self, ticket: dict[str, Any], **change: Any) -> dict[str, Any]:
        """The ticket after the agent has sorted it so."""
        answer = await self.agent.client.patch(f"{DESK}/{ticket['id']}", json=change)
        assert answer.status_code == 200, answer.text
        after: dict[str, Any] = answer.json()
        return after

    async def become(self, ticket: dict[str, Any], *statuses: str) -> None:
        """Have the agent lead it through these."""
        for status in statuses:
            answer = await self.agent.client.post(f"{DESK}/{ticket['id']}/status", json={"status": status})
            assert answer.status_code == 200, answer.text

    async def seen(self, ticket: dict[str, Any], client: httpx.AsyncClient | None = None) -> dict[str, Any]:
        """The ticket as the platform's people see it."""
        answer = await (client or self.agent.client).get(f"{DESK}/{ticket['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def heard(self, ticket: dict[str, Any]) -> list[tuple[str, str]]:
        """What the owner reads there: who says what."""
        answer = await self.business.owner.get(f"{OWN}/{ticket['id']}/messages")
        assert answer.status_code == 200, answer.text
        return [(message["author"], message["body"]) for message in answer.json()["items"]]


@pytest.fixture
async def line(app: FastAPI, at: ClientOf, business: Business) -> Help:
    crowd = Crowd(app, at)
    return Help(business, crowd, await crowd.add(Role.PLATFORM_SUPPORT))
