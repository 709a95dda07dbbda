from typing import Any

from app.auth.roles import Role
from app.core.ids import uuid7
from tests.actors import Business
from tests.mailbox import Mailbox
from tests.people.crowd import Crowd, acceptance, outcome

ACCEPT = "/api/v1/invitations/accept"
MEMBER, CUSTOMER = Role.TENANT_STAFF, Role.CUSTOMER
GRACE = {"email": "Grace@Hopper.example", "name": "Grace Hopper", "role": "TENANT_STAFF"}


class TestInviteCustomer:
    async def make(self, business: Business, **changes: Any) -> str:
        customer = await business.make("/customers", {"name": "Ada", "email": "Ada@Lovelace.example"} | changes)
        return str(customer["id"])

    async def test_gives_them_a_log_in_of_their_own(self, business: Business, mailbox: Mailbox, crowd: Crowd) -> None:
        customer_id = await self.make(business)
        member = await crowd.add(MEMBER, business, areas=["customers"])
        made = await business.make(f"/customers/{customer_id}/invitation", {}, client=member.client)
        assert (made["role"], made["customer_id"], made["areas"]) == ("CUSTOMER", customer_id, [])
        code = (await mailbox.latest("ada@lovelace.example")).code
        answer = await business.anonymous.post(ACCEPT, json=acceptance(code))
        assert answer.status_code == 200, answer.text
        user = answer.json()["session"]["user"]
        assert (user["role"], user["email_verified"]) == ("CUSTOMER", True)
        (record,) = await crowd.customers(business)
        assert (str(record.id), str(record.user_id)) == (customer_id, user["id"])

    async def test_again_replaces_the_link(self, business: Business, mailbox: Mailbox) -> None:
        customer_id = await self.make(business)
        codes = []
        for _ in range(2):
            await business.make(f"/customers/{customer_id}/invitation", {})
            codes.append((await mailbox.latest("ada@lovelace.example")).code)
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(codes[0]))) == (410, "link-invalid")
        assert (await business.anonymous.post(ACCEPT, json=acceptance(codes[1]))).status_code == 200

    async def test_somebody_elses_open_invitation_stands(self, business: Business) -> None:
        await business.make("/invitations", GRACE)
        customer_id = await self.make(business, email="grace@hopper.example")
        answer = await business.owner.post(f"/api/v1/customers/{customer_id}/invitation")
        assert outcome(answer) == (409, "already-invited")

    async def test_refuses_a_record_without_an_address(self, business: Business) -> None:
        customer_id = await self.make(business, email=None)
        answer = await business.owner.post(f"/api/v1/customers/{customer_id}/invitation")
        assert outcome(answer) == (422, "validation-failed")

    async def test_refuses_who_has_a_log_in(self, business: Business, crowd: Crowd) -> None:
        person = await crowd.add(CUSTOMER, business)
        customer_id = await self.make(business, email=person.email)
        answer = await business.owner.post(f"/api/v1/customers/{customer_id}/invitation")
        assert outcome(answer) == (409, "email-taken")

    async def test_does_not_exist_in_sandbox(self, business: Business) -> None:
        tester = await business.client("customers:write", mode="test")
        customer = await business.make("/customers", {"name": "Ada", "email": "ada@lovelace.example"}, client=tester)
        answer = await tester.post(f"/api/v1/customers/{customer['id']}/invitation")
        assert outcome(answer) == (403, "sandbox-not-allowed")

    async def test_is_void_once_the_inviter_lacks_the_area(
        self, business: Business, crowd: Crowd, mailbox: Mailbox
    ) -> None:
        member = await crowd.add(MEMBER, business, areas=["customers"])
        customer_id = await self.make(business)
        await business.make(f"/customers/{customer_id}/invitation", {}, client=member.client)
        await business.owner.patch(f"/api/v1/staff/{member.id}", json={"areas": []})
        code = (await mailbox.latest("ada@lovelace.example")).code
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(code))) == (410, "link-invalid")

    async def test_whose_record_was_taken_meanwhile_is_worth_nothing(
        self, business: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        customer_id = await self.make(business)
        await business.make(f"/customers/{customer_id}/invitation", {})
        code = (await mailbox.latest("ada@lovelace.example")).code
        await crowd.log_in_belongs_to(business, customer_id, uuid7())
        assert outcome(await business.anonymous.post(ACCEPT, json=acceptance(code))) == (410, "link-invalid")
        assert outcome(await business.owner.post(f"/api/v1/customers/{customer_id}/invitation")) == (409, "email-taken")

    async def test_needs_the_permission(self, business: Business, other_business: Business, crowd: Crowd) -> None:
        customer_id = await self.make(business)
        path = f"/api/v1/customers/{customer_id}/invitation"
        reader = await business.client("customers:read")
        member = await crowd.add(MEMBER, business)
        for client, status in ((reader, 403), (member.client, 403), (other_business.owner, 404)):
            assert (await client.post(path)).status_code == status
