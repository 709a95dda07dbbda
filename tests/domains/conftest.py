"""A business that may bring names of its own, and the name servers that are asked about them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.core.clock import utcnow
from app.domains import checking
from app.integrations.dns import PublicDns
from app.models.public import CustomDomainRow, TenantRow
from app.tenancy.tenant import Tenant
from tests.actors import Business
from tests.domains.nameserver import NameServer, serving

DOMAINS = "/api/v1/domains"


@dataclass
class Registrar:
    """Whoever looks after a business's names."""

    app: FastAPI
    business: Business
    servers: list[NameServer]

    async def allow(self, tier: str = "ENTERPRISE") -> "Registrar":
        """Have a subscription; this one covers any number of domains."""
        covered = update(TenantRow).where(TenantRow.id == UUID(self.business.id))
        async with self.app.state.database.transaction() as session:
            await session.execute(covered.values(subscription_tier=tier))
        return self

    async def add(self, hostname: str) -> httpx.Response:
        return await self.business.owner.post(DOMAINS, json={"hostname": hostname})

    async def added(self, hostname: str) -> dict[str, Any]:
        answer = await self.add(hostname)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def set(self, domain: dict[str, Any], *kinds: str) -> None:
        """Set its records of these types at every name server, and no others of its."""
        for record in domain["records"]:
            for server in self.servers:
                server.set(record["name"], record["type"], *([record["value"]] if record["type"] in kinds else []))

    async def check(self, *, now: datetime | None = None) -> None:
        """What the worker does about the domains that are due."""
        tenant: Tenant = await self.app.state.hosts.require(UUID(self.business.id), now=utcnow())
        resolver = PublicDns([server.address for server in self.servers])
        root_domain = self.app.state.runtime.settings.root_domain
        await checking.check_due(
            self.app.state.database, resolver, tenant, root_domain=root_domain, now=now or utcnow()
        )

    async def read(self, domain: dict[str, Any]) -> dict[str, Any]:
        answer = await self.business.owner.get(f"{DOMAINS}/{domain['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def active(self, hostname: str) -> dict[str, Any]:
        """A domain that is served."""
        domain = await self.added(hostname)
        self.set(domain, "TXT", "CNAME")
        await self.check()
        found = await self.read(domain)
        assert found["status"] == "active", found
        return found

    async def change(self, domain: dict[str, Any], **values: Any) -> None:
        row = CustomDomainRow
        async with self.app.state.database.transaction() as session:
            await session.execute(update(row).where(row.id == UUID(domain["id"])).values(**values))

    async def events(self, domain: dict[str, Any]) -> list[str]:
        query = {"subject_id": domain["id"], "sort": "sequence"}
        answer = await self.business.owner.get("/api/v1/events", params=query)
        return [event["type"] for event in answer.json()["items"]]

    async def asks(self, hostname: str) -> int:
        """What somebody gets who asks for the business at that name."""
        return (await self.business.anonymous.get("/api/v1/host", headers={"Host": hostname})).status_code


@pytest.fixture
async def servers() -> AsyncIterator[list[NameServer]]:
    async with serving() as first, serving() as second:
        yield [first, second]


@pytest.fixture
async def registrar(app: FastAPI, business: Business, servers: list[NameServer]) -> Registrar:
    return await Registrar(app, business, servers).allow()


@pytest.fixture
async def other_registrar(app: FastAPI, other_business: Business, servers: list[NameServer]) -> Registrar:
    return await Registrar(app, other_business, servers).allow()
