"""The people and businesses that tests speak of."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

PASSWORD = "a long and private phrase"

_A_WHILE_SECONDS = 480
_numbers = itertools.count(1)


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> str:
    """The access token of a fresh log-in."""
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    client.cookies.clear()
    return str(answer.json()["access_token"])


@dataclass
class LoggedIn:
    """Keeps a client logged in, however long the tests take: an access token is worn out after a quarter of an hour."""

    client: httpx.AsyncClient
    anonymous: httpx.AsyncClient
    email: str
    since: float = field(default_factory=time.monotonic)

    async def renew(self) -> None:
        """Log in anew, if it has been a while."""
        if time.monotonic() - self.since > _A_WHILE_SECONDS:
            self.client.headers["Authorization"] = f"Bearer {await log_in(self.anonymous, self.email)}"
            self.since = time.monotonic()


@dataclass(frozen=True)
class Business:
    """A business: clients of its host for its owner and for nobody, and the ways to set it up through the API."""

    id: str
    slug: str
    email: str
    owner: httpx.AsyncClient
    anonymous: httpx.AsyncClient
    at: Callable[..., httpx.AsyncClient]

    @property
    def host(self) -> str:
        return f"{self.slug}.localhost"

    def in_sandbox(self) -> httpx.AsyncClient:
        """The owner in the sandbox."""
        client = self.at(self.host, self.owner.headers["Authorization"].removeprefix("Bearer "))
        client.cookies.set("sandbox_mode", "true", domain="")
        return client

    async def make(self, path: str, body: dict[str, Any], *, client: httpx.AsyncClient | None = None) -> dict[str, Any]:
        """POST to the API as the owner (or this client); the answer of a 201."""
        answer = await (client or self.owner).post(f"/api/v1{path}", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def token(self, *scopes: str, mode: str = "live") -> str:
        """A new API token with these scopes."""
        made = await self.make("/tokens", {"name": "test", "mode": mode, "scopes": list(scopes)})
        return str(made["token"])

    async def client(self, *scopes: str, mode: str = "live") -> httpx.AsyncClient:
        """A client with a new API token."""
        return self.at(self.host, await self.token(*scopes, mode=mode))


@dataclass(frozen=True)
class Platform:
    """The platform's host, for a superuser and for nobody."""

    superuser: httpx.AsyncClient
    anonymous: httpx.AsyncClient
    at: Callable[..., httpx.AsyncClient]
    logged_in: LoggedIn

    async def sign_up(self, slug: str | None = None, **changes: Any) -> Business:
        """Sign a business up and log its owner in."""
        await self.logged_in.renew()
        slug = slug or f"business-{next(_numbers)}"
        email = f"owner@{slug}.example"
        owner = {"email": email, "name": "Olga Owner", "password": PASSWORD}
        body = {
            "name": f"The {slug}",
            "slug": slug,
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "subscription_tier": "ENTERPRISE",  # no test shall run into a limit that it is not about
            "owner": owner,
        }
        answer = await self.superuser.post("/api/v1/platform/tenants", json=body | changes)
        assert answer.status_code == 201, answer.text
        anonymous = self.at(f"{slug}.localhost")
        access = await log_in(anonymous, email)
        return Business(answer.json()["id"], slug, email, self.at(f"{slug}.localhost", access), anonymous, self.at)
