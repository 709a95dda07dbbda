from app.auth.roles import Role
from app.mail.messages import MailKind
from tests.actors import Business, Platform
from tests.mailbox import Mailbox
from tests.people.crowd import Crowd, outcome, trail

REQUEST = "/api/v1/me/email/verification"
CONFIRM = "/api/v1/auth/confirm-email"


class TestVerifyEmail:
    async def test_the_owner_of_a_new_business_is_asked(self, business: Business, mailbox: Mailbox) -> None:
        assert (await business.owner.get("/api/v1/me")).json()["user"]["email_verified"] is False
        mail = await mailbox.latest(business.email, MailKind.VERIFY_EMAIL)
        answer = await business.anonymous.post(CONFIRM, json={"token": mail.code})
        assert answer.status_code == 204
        me = (await business.owner.get("/api/v1/me")).json()
        assert me["user"]["email_verified"] is True
        (entry,) = await trail(business.owner, "email.verified")
        assert entry["user_id"] == me["user"]["id"]

    async def test_can_be_asked_for_and_the_earlier_link_is_dead(self, business: Business, mailbox: Mailbox) -> None:
        old = (await mailbox.latest(business.email)).code
        assert (await business.owner.post(REQUEST)).status_code == 202
        new = (await mailbox.latest(business.email)).code
        assert outcome(await business.anonymous.post(CONFIRM, json={"token": old})) == (410, "link-invalid")
        assert (await business.anonymous.post(CONFIRM, json={"token": new})).status_code == 204
        assert outcome(await business.anonymous.post(CONFIRM, json={"token": new})) == (410, "link-invalid")

    async def test_what_is_confirmed_is_not_asked_for_again(self, business: Business, mailbox: Mailbox) -> None:
        code = (await mailbox.latest(business.email)).code
        await business.anonymous.post(CONFIRM, json={"token": code})
        assert (await business.owner.post(REQUEST)).status_code == 202
        assert len(await mailbox.find(business.email, MailKind.VERIFY_EMAIL)) == 1

    async def test_works_at_the_platform(self, platform: Platform, crowd: Crowd, mailbox: Mailbox) -> None:
        support = await crowd.add(Role.PLATFORM_SUPPORT)
        assert (await support.client.post(REQUEST)).status_code == 202
        code = (await mailbox.latest(support.email)).code
        assert (await platform.anonymous.post(CONFIRM, json={"token": code})).status_code == 204
        assert (await support.client.get("/api/v1/me")).json()["user"]["email_verified"] is True

    async def test_is_too_late_after_its_term(self, business: Business, mailbox: Mailbox, crowd: Crowd) -> None:
        code = (await mailbox.latest(business.email)).code
        await crowd.let_links_expire(business.email)
        assert outcome(await business.anonymous.post(CONFIRM, json={"token": code})) == (410, "link-invalid")

    async def test_dies_with_the_users_activity(self, business: Business, mailbox: Mailbox, crowd: Crowd) -> None:
        member = await crowd.add(Role.TENANT_STAFF, business)
        await member.client.post(REQUEST)
        code = (await mailbox.latest(member.email)).code
        await business.owner.patch(f"/api/v1/staff/{member.id}", json={"is_active": False})
        assert outcome(await business.anonymous.post(CONFIRM, json={"token": code})) == (410, "link-invalid")

    async def test_dies_though_the_link_was_left_behind(
        self, business: Business, mailbox: Mailbox, crowd: Crowd
    ) -> None:
        member = await crowd.add(Role.TENANT_STAFF, business)
        await member.client.post(REQUEST)
        await crowd.deactivate(member)
        code = (await mailbox.latest(member.email)).code
        assert outcome(await business.anonymous.post(CONFIRM, json={"token": code})) == (410, "link-invalid")

    async def test_needs_a_session(self, business: Business) -> None:
        token = await business.client("services:read")
        assert outcome(await token.post(REQUEST)) == (403, "in-person-only")
        assert (await business.anonymous.post(REQUEST)).status_code == 401
