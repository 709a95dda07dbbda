"""What a business does about the log-in of a customer of its own."""

import pytest

from app.auth.roles import Role
from tests.actors import PASSWORD, Business
from tests.people.crowd import Crowd, Person, outcome, trail


@pytest.fixture
async def guest(business: Business, crowd: Crowd) -> Person:
    """Somebody who logs in as a customer."""
    return await crowd.add(Role.CUSTOMER, business)


@pytest.fixture
async def path(business: Business, crowd: Crowd, guest: Person) -> str:
    """Where the guest's log-in is."""
    customer = await business.make("/customers", {"name": "Ada Lovelace", "email": "ada@lovelace.example"})
    await crowd.log_in_belongs_to(business, customer["id"], guest.uuid)
    return f"/api/v1/customers/{customer['id']}/log-in"


class TestGetCustomerLogIn:
    async def test_says_who_logs_in_and_whether_they_can(self, business: Business, guest: Person, path: str) -> None:
        read = (await business.owner.get(path)).json()
        assert read.pop("created_at")
        assert read == {"user_id": guest.id, "email": guest.email, "is_active": True, "email_verified": False}

    async def test_a_customer_without_one_is_not_found(self, business: Business) -> None:
        customer = await business.make("/customers", {"name": "Ada"})
        for method, path in (("GET", "log-in"), ("POST", "log-in/deactivate"), ("POST", "log-in/reactivate")):
            answer = await business.owner.request(method, f"/api/v1/customers/{customer['id']}/{path}")
            assert outcome(answer) == (404, "user-not-found")

    async def test_is_the_live_ones(self, business: Business, path: str) -> None:
        tester = await business.client("customers:read", "customers:write", mode="test")
        for method, address in (("GET", path), ("POST", f"{path}/deactivate")):
            assert outcome(await tester.request(method, address)) == (404, "customer-not-found")


class TestDeactivateCustomerLogIn:
    async def test_shuts_out_at_once(self, business: Business, crowd: Crowd, guest: Person, path: str) -> None:
        member = await crowd.add(Role.TENANT_STAFF, business, areas=["customers"])
        assert (await guest.client.get("/api/v1/me")).status_code == 200
        for _ in range(2):
            answer = await member.client.post(f"{path}/deactivate")
            assert (answer.status_code, answer.json()["is_active"]) == (200, False)
            assert (await guest.client.get("/api/v1/me")).status_code == 401
        body = {"email": guest.email, "password": PASSWORD}
        assert (await business.anonymous.post("/api/v1/auth/login", json=body)).status_code == 401
        (entry,) = await trail(business.owner, "user.deactivated")
        assert (entry["actor_id"], entry["object_id"]) == (member.id, guest.id)

    async def test_leaves_the_record(self, business: Business, path: str) -> None:
        record = path.removesuffix("/log-in")
        before = (await business.owner.get(record)).json()
        await business.owner.post(f"{path}/deactivate")
        assert (await business.owner.get(record)).json() == before

    async def test_does_not_reach_who_works_here_by_now(self, business: Business, crowd: Crowd, path: str) -> None:
        owner = await crowd.add(Role.TENANT_OWNER, business)
        await crowd.log_in_belongs_to(business, path.split("/")[-2], owner.uuid)
        member = await crowd.add(Role.TENANT_STAFF, business, areas=["customers"])
        for action in ("deactivate", "reactivate"):
            assert outcome(await member.client.post(f"{path}/{action}")) == (403, "role-denied")
        assert (await owner.client.get("/api/v1/me")).status_code == 200
        denied = await trail(business.owner, "permission.denied")
        assert {entry["actor_id"] for entry in denied} == {member.id}

    async def test_needs_the_permission(
        self, business: Business, other_business: Business, crowd: Crowd, path: str, guest: Person
    ) -> None:
        reader = await business.client("customers:read")
        member = await crowd.add(Role.TENANT_STAFF, business)
        for action in ("deactivate", "reactivate"):
            for client, status in ((reader, 403), (member.client, 403), (other_business.owner, 404)):
                assert (await client.post(f"{path}/{action}")).status_code == status
        assert (await guest.client.get("/api/v1/me")).status_code == 200


class TestReactivateCustomerLogIn:
    async def test_lets_in_again(self, business: Business, crowd: Crowd, guest: Person, path: str) -> None:
        await business.owner.post(f"{path}/deactivate")
        for _ in range(2):
            assert (await business.owner.post(f"{path}/reactivate")).json()["is_active"] is True
        assert (await guest.client.get("/api/v1/me")).status_code == 401
        await crowd.session_of(guest.email, business)
        assert len(await trail(business.owner, "user.reactivated")) == 1
