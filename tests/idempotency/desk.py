"""Whoever sends the same request more than once."""

from dataclasses import dataclass
from typing import Any

import httpx

from app.core.ids import uuid7

CUSTOMERS = "/api/v1/customers"


def new_key() -> str:
    """A key that nobody has used."""
    return uuid7().hex


def was_replayed(answer: httpx.Response) -> bool:
    """Whether this is the answer to an earlier request."""
    return bool(answer.headers.get("idempotency-replayed") == "true")


async def send(client: httpx.AsyncClient, path: str, body: dict[str, Any] | None, key: str) -> httpx.Response:
    """POST to the API with a key."""
    return await client.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": key})


@dataclass(frozen=True)
class Desk:
    """Adds customers whose name is the key, so that they can be counted."""

    client: httpx.AsyncClient

    async def add(self, key: str, **changes: str) -> httpx.Response:
        """Add the customer of this key."""
        return await send(self.client, "/customers", {"name": key} | changes, key)

    async def count(self, name: str) -> int:
        """How many customers of this name there are."""
        answer = await self.client.get(CUSTOMERS, params={"limit": 100})
        return sum(each["name"] == name for each in answer.json()["items"])
