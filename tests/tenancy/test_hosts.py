from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.errors import TenantNotFound, TenantSuspended
from app.models.public import DomainRow
from app.tenancy.hosts import find_all, host_name
from app.tenancy.provisioning import create_schemas
from tests.actors import Business, Platform


class TestHostName:
    @pytest.mark.parametrize(
        ("header", "name"),
        [
            ("demo.localhost:8000", "demo.localhost"),
            (" DEMO.Localhost. ", "demo.localhost"),
            ("demo.localhost.:80", "demo.localhost"),
            ("[::1]:8000", "[::1]"),
            ("", ""),
        ],
    )
    def test_drops_port_case_and_final_dot(self, header: str, name: str) -> None:
        assert host_name(header) == name


class TestHost:
    async def test_a_business_answers_on_its_subdomain(self, business: Business) -> None:
        answer = (await business.anonymous.get("/")).json()
        assert answer["kind"] == "business"
        assert answer["business"] == f"The {business.slug}"

    @pytest.mark.parametrize("host", ["localhost", "platform.localhost", "PLATFORM.localhost:8000"])
    async def test_the_platform_answers_on_its_own(self, platform: Platform, host: str) -> None:
        answer = (await platform.anonymous.get("/", headers={"Host": host})).json()
        assert answer["kind"] == "platform"

    @pytest.mark.parametrize(
        "host",
        [
            "nobody.localhost",
            "a.b.localhost",
            "localhost.evil.example",
            "evil.example",
            "[::1]",
            "127.0.0.1",
            "x" * 400,
        ],
    )
    async def test_an_unknown_host_is_not_found(self, platform: Platform, host: str) -> None:
        answer = await platform.anonymous.get("/", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (404, "tenant-not-found")

    async def test_a_slug_without_the_root_domain_is_no_host(self, business: Business) -> None:
        for host in (business.slug, f"{business.slug}.localhost.example"):
            answer = await business.anonymous.get("/", headers={"Host": host})
            assert answer.json()["code"] == "tenant-not-found"

    async def test_a_custom_domain_leads_to_its_business(self, business: Business, app: FastAPI) -> None:
        hostname = f"book.{business.slug}.example"
        async with app.state.database.transaction() as session:
            await session.execute(
                insert(DomainRow).values(
                    id=uuid7(), hostname=hostname, kind="custom", tenant_id=UUID(business.id), created_at=utcnow()
                )
            )
        answer = (await business.anonymous.get("/", headers={"Host": hostname})).json()
        assert answer["business"] == f"The {business.slug}"

    async def test_a_forwarded_host_is_not_believed(self, business: Business) -> None:
        answer = await business.anonymous.get("/", headers={"X-Forwarded-Host": "platform.localhost"})
        assert answer.json()["kind"] == "business"

    async def test_business_endpoints_do_not_exist_on_the_platform(self, platform: Platform) -> None:
        for path in ("/services", "/customers", "/appointments", "/webhook-endpoints", "/tokens"):
            for caller in (platform.superuser, platform.anonymous):
                answer = await caller.get(f"/api/v1{path}")
                assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    async def test_platform_endpoints_do_not_exist_on_a_business(self, business: Business) -> None:
        for caller in (business.owner, business.anonymous):
            answer = await caller.get("/api/v1/platform/tenants")
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


class TestDirectory:
    async def test_finds_a_job_its_tenant(self, business: Business, app: FastAPI) -> None:
        assert (await app.state.hosts.require(UUID(business.id), now=utcnow())).slug == business.slug

    async def test_refuses_a_job_without_one(self, app: FastAPI) -> None:
        with pytest.raises(TenantNotFound):
            await app.state.hosts.require(uuid7(), now=utcnow())

    async def test_refuses_a_job_of_a_suspended_one(self, business: Business, platform: Platform, app: FastAPI) -> None:
        await platform.superuser.patch(f"/api/v1/platform/tenants/{business.id}", json={"status": "suspended"})
        with pytest.raises(TenantSuspended):
            await app.state.hosts.require(UUID(business.id), now=utcnow())

    async def test_lists_all(self, business: Business, app: FastAPI) -> None:
        async with app.state.database.transaction() as session:
            assert business.slug in {tenant.slug for tenant in await find_all(session)}


class TestCreateSchemas:
    async def test_leaves_nothing_behind_when_the_sign_up_fails(self, business: Business, app: FastAPI) -> None:
        with pytest.raises(ZeroDivisionError):
            async with app.state.database.transaction() as session:
                await create_schemas(session, UUID(business.id), "tenant_half_made")
                raise ZeroDivisionError
        async with app.state.database.transaction() as session:
            await create_schemas(session, UUID(business.id), "tenant_half_made")
