"""Users in the back office."""

import re

import pytest

from app.auth.roles import Role
from tests.actors import PASSWORD, Business, Platform
from tests.admin.conftest import Hire
from tests.admin.office import Office, words
from tests.conftest import Caller
from tests.mailbox import Mailbox

REASON = "Ticket 4711: wrong hours"


async def owner_id(business: Business) -> str:
    return str((await business.owner.get("/api/v1/me")).json()["user"]["id"])


class TestList:
    async def test_shows_role_business_second_factor_and_last_log_in(
        self, superuser: Office, business: Business
    ) -> None:
        page = await superuser.open("/users", q=business.email)
        said = words(page)
        assert f"Olga Owner {business.email} TENANT_OWNER The {business.slug} active none 20" in said
        assert re.search(r"\d\d:\d\d UTC", said)
        assert 'class="badge role role-tenant-owner"' in page.text

    async def test_filters(self, superuser: Office, business: Business, hire: Hire) -> None:
        sales = await hire(Role.PLATFORM_SALES)
        assert business.email in words(await superuser.open("/users", tenant_id=business.id))
        assert sales.email not in words(await superuser.open("/users", tenant_id=business.id))
        assert sales.email in words(await superuser.open("/users", role="PLATFORM_SALES", q=sales.email))
        assert sales.email not in words(await superuser.open("/users", activity="deactivated", q=sales.email))
        assert "No user is like that." in words(await superuser.open("/users", role="CUSTOMER", q=sales.email))
        assert sales.email in words(await superuser.open("/users", q=sales.email, role="x", tenant_id="x"))

    async def test_offers_to_masquerade_where_the_matrix_allows(
        self, hire: Hire, superuser: Office, business: Business, platform: Platform
    ) -> None:
        demo = await platform.sign_up(is_temporary=True)
        sales, support, manager = [
            await hire(role) for role in (Role.PLATFORM_SALES, Role.PLATFORM_SUPPORT, Role.PLATFORM_MANAGER)
        ]
        for office, email, offered in (
            (superuser, business.email, True),
            (superuser, sales.email, True),
            (superuser, superuser.email, False),
            (support, business.email, True),
            (sales, demo.email, True),
            (manager, business.email, False),
        ):
            page = await office.open("/users", q=email)
            assert email in words(page)
            assert ("#masquerade" in page.text) is offered, (office.role, email)


class TestMasquerade:
    async def test_leads_to_the_users_own_host(
        self, superuser: Office, business: Business, at: Caller, mailbox: Mailbox
    ) -> None:
        user_id = await owner_id(business)
        page = await superuser.post(f"/users/{user_id}/masquerade", reason=REASON)
        assert page.status_code == 200
        link = re.search(r'href="(http://[^"]*/account/sign-in-as#([^"]+))"', page.text)
        assert link
        assert link.group(1).startswith(f"http://{business.host}")
        there = at(business.host)
        begun = await there.post("/api/v1/masquerade/redeem", json={"code": link.group(2)})
        assert begun.status_code == 200, begun.text
        me = (await there.get("/api/v1/me")).json()
        assert (me["user"]["email"], me["masquerade"]["actor"]["email"]) == (business.email, superuser.email)
        assert me["masquerade"]["reason"] == REASON
        assert REASON in (await mailbox.latest(business.email)).text

    async def test_as_a_colleague_begins_here_and_ends_here(self, superuser: Office, hire: Hire) -> None:
        support = await hire(Role.PLATFORM_SUPPORT)
        answer = await superuser.post(f"/users/{support.user_id}/masquerade", reason=REASON)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/")
        page = await superuser.open("/")
        assert f"{superuser.email} acts as {support.email}." in words(page)
        assert REASON in words(page)
        assert (await superuser.open("/tiers/FREE")).status_code == 403
        assert "#masquerade" not in (await superuser.open("/users")).text
        answer = await superuser.post("/end-masquerade")
        assert answer.headers["location"] == "/admin/?done=masquerade-ended"
        page = await superuser.open("/", done="masquerade-ended")
        assert "You are yourself again." in words(page)
        assert (await superuser.open("/tiers/FREE")).status_code == 200

    async def test_under_a_mask_there_is_no_second_one(self, superuser: Office, hire: Hire, business: Business) -> None:
        support = await hire(Role.PLATFORM_SUPPORT)
        await superuser.post(f"/users/{support.user_id}/masquerade", reason=REASON)
        await superuser.open("/")
        answer = await superuser.post(f"/users/{await owner_id(business)}/masquerade", reason=REASON)
        assert answer.status_code == 409
        assert (await superuser.post("/second-factor/begin", current_password=PASSWORD)).status_code == 403

    @pytest.mark.parametrize("reason", ["", "    ", "why", "x" * 501])
    async def test_needs_a_reason(self, superuser: Office, business: Business, reason: str) -> None:
        answer = await superuser.post(f"/users/{await owner_id(business)}/masquerade", reason=reason)
        assert answer.status_code == 422
        assert "reason" in words(answer)

    async def test_the_form_says_no_other_user_than_the_address(
        self, superuser: Office, business: Business, hire: Hire
    ) -> None:
        sales = await hire(Role.PLATFORM_SALES)
        page = await superuser.post(
            f"/users/{await owner_id(business)}/masquerade", reason=REASON, user_id=sales.user_id
        )
        assert f"http://{business.host}" in page.text

    async def test_what_the_matrix_forbids_is_refused_and_kept(
        self, hire: Hire, superuser: Office, business: Business
    ) -> None:
        sales, support = await hire(Role.PLATFORM_SALES), await hire(Role.PLATFORM_SUPPORT)
        for office, target in ((sales, await owner_id(business)), (support, superuser.user_id)):
            answer = await office.post(f"/users/{target}/masquerade", reason=REASON)
            assert answer.status_code == 403
            assert "/account/sign-in-as" not in answer.text
        page = words(await superuser.open("/audit", event="masquerade.denied", actor_id=support.user_id))
        assert superuser.user_id in page

    async def test_an_attempt_without_the_permission_names_whom_it_was_aimed_at(
        self, hire: Hire, superuser: Office, business: Business
    ) -> None:
        manager, target = await hire(Role.PLATFORM_MANAGER), await owner_id(business)
        assert (await manager.post(f"/users/{target}/masquerade", reason=REASON)).status_code == 403
        query = {"event": "masquerade.denied", "actor_id": manager.user_id, "tenant_id": business.id}
        assert target in words(await superuser.open("/audit", **query))

    async def test_a_forged_form_begins_nothing(self, superuser: Office, business: Business) -> None:
        path = f"/admin/users/{await owner_id(business)}/masquerade"
        forged = {"reason": REASON, "csrf_token": superuser.token}
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await superuser.client.post(path, data=forged, headers=headers)
            assert answer.status_code == 403
            assert "/account/sign-in-as" not in answer.text

    async def test_one_who_does_not_masquerade_has_nothing_to_end(self, superuser: Office) -> None:
        assert (await superuser.post("/end-masquerade")).status_code == 409


class TestActions:
    async def test_a_user_is_logged_out_everywhere(self, superuser: Office, business: Business) -> None:
        answer = await superuser.post(f"/users/{await owner_id(business)}/revoke-sessions")
        assert answer.headers["location"].endswith("?done=sessions-revoked")
        assert (await business.owner.get("/api/v1/me")).json()["code"] == "session-invalid"

    async def test_a_second_factor_is_reset(self, hire: Hire, superuser: Office) -> None:
        support = await hire(Role.PLATFORM_SUPPORT)
        await support.set_up_app()
        page = await superuser.open(f"/users/{support.user_id}")
        assert "Second factor app" in words(page)
        await superuser.post(f"/users/{support.user_id}/reset-second-factor")
        page = await superuser.open(f"/users/{support.user_id}", done="second-factor-reset")
        assert "Second factor none" in words(page)
        assert (await support.open("/")).status_code == 303
        assert (await support.log_in()).status_code == 303

    async def test_there_has_to_be_one(self, superuser: Office, business: Business) -> None:
        answer = await superuser.post(f"/users/{await owner_id(business)}/reset-second-factor")
        assert answer.status_code == 409

    async def test_a_user_is_shut_out_and_let_in_again(self, superuser: Office, hire: Hire) -> None:
        support = await hire(Role.PLATFORM_SUPPORT)
        await superuser.post(f"/users/{support.user_id}/deactivate")
        assert (await support.open("/")).status_code == 303
        assert (await support.log_in()).status_code == 401
        assert "deactivated" in words(await superuser.open(f"/users/{support.user_id}"))
        await superuser.post(f"/users/{support.user_id}/reactivate")
        assert (await support.log_in()).status_code == 303

    async def test_a_businesss_last_owner_stays(self, superuser: Office, business: Business) -> None:
        answer = await superuser.post(f"/users/{await owner_id(business)}/deactivate")
        assert answer.status_code == 409

    @pytest.mark.parametrize("action", ["revoke-sessions", "reset-second-factor", "deactivate", "reactivate"])
    async def test_a_manager_does_nothing_to_a_superuser(self, hire: Hire, superuser: Office, action: str) -> None:
        manager = await hire(Role.PLATFORM_MANAGER)
        answer = await manager.post(f"/users/{superuser.user_id}/{action}")
        assert answer.status_code == 403
        assert (await superuser.open("/")).status_code == 200

    async def test_support_finds_no_colleagues(self, hire: Hire, superuser: Office) -> None:
        support = await hire(Role.PLATFORM_SUPPORT)
        assert (await support.open(f"/users/{superuser.user_id}")).status_code == 404
        assert (await support.post(f"/users/{superuser.user_id}/deactivate")).status_code == 404

    async def test_nobody_does_it_to_themselves(self, superuser: Office) -> None:
        page = await superuser.open(f"/users/{superuser.user_id}")
        assert "Deactivate" not in words(page)
        assert (await superuser.post(f"/users/{superuser.user_id}/deactivate")).status_code == 403
