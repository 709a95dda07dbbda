"""Lent permissions in the back office."""

import re
from typing import Any

import pytest

from app.auth.roles import Role
from tests.actors import Business
from tests.admin.conftest import Hire
from tests.admin.office import Office, words


async def lend(by: Office, to: Office, *permissions: str, reason: str = "Holiday cover") -> list[str]:
    """Lend a colleague permissions; the grants' ids."""
    body = {"grantee_id": to.user_id, "permissions": permissions, "reason": reason}
    token = (await by.client.get("/api/v1/me")).json()["csrf_token"]
    headers = {"X-CSRF-Token": token, "Origin": "http://platform.localhost"}
    answer = await by.client.post("/api/v1/grants", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return [grant["id"] for grant in answer.json()["items"]]


def ticked(page: str) -> list[str]:
    """The ids that can be ticked."""
    return re.findall(r'name="ids"\s+value="([\w-]+)"', page)


class TestGrants:
    async def test_are_revoked_together_at_once(self, superuser: Office, hire: Hire) -> None:
        sales = await hire(Role.PLATFORM_SALES)
        assert (await sales.open("/audit")).status_code == 403
        ids = await lend(superuser, sales, "audit:read", "operations:read")
        assert (await sales.open("/audit")).status_code == 200
        page = await superuser.open("/grants", state="active")
        assert set(ids) <= set(ticked(page.text))
        assert "Holiday cover" in words(page)
        answer = await superuser.post("/grants/revoke", ids=ids)
        assert answer.headers["location"] == "/admin/grants?done=grants-revoked"
        assert (await sales.open("/audit")).status_code == 403
        assert not set(ids) & set(ticked((await superuser.open("/grants")).text))
        revoked = words(await superuser.open("/grants", state="revoked"))
        assert revoked.count(sales.email) == 2

    async def test_what_has_ended_is_nothing_to_revoke(self, superuser: Office, hire: Hire) -> None:
        ids = await lend(superuser, await hire(Role.PLATFORM_SALES), "audit:read")
        await superuser.post("/grants/revoke", ids=ids)
        answer = await superuser.post("/grants/revoke", ids=ids)
        assert answer.headers["location"] == "/admin/grants?done=no-grants-revoked"

    async def test_a_manager_takes_back_their_own_alone(self, superuser: Office, hire: Hire) -> None:
        manager, sales = await hire(Role.PLATFORM_MANAGER), await hire(Role.PLATFORM_SALES)
        others, own = await lend(superuser, sales, "audit:read"), await lend(manager, sales, "operations:read")
        await manager.post("/grants/revoke", ids=others + own)
        assert (await sales.open("/audit")).status_code == 200
        assert (await sales.open("/jobs")).status_code == 403

    async def test_those_of_a_business_are_apart(self, superuser: Office, business: Business) -> None:
        page = words(await superuser.open("/grants", tenant_id=business.id))
        assert f"Grants at The {business.slug}" in page
        assert "No grant is like that." in page
        answer = await superuser.post("/grants/revoke", ids=[business.id], tenant_id=business.id)
        assert answer.headers["location"] == f"/admin/grants?tenant_id={business.id}&done=no-grants-revoked"

    @pytest.mark.parametrize("ids", [[], ["x"], ["' OR 1=1"]])
    async def test_what_is_no_id_is_refused(self, superuser: Office, ids: list[Any]) -> None:
        assert (await superuser.post("/grants/revoke", ids=ids)).status_code == 422

    @pytest.mark.parametrize("query", [{"tenant_id": "x"}, {"cursor": "x"}])
    async def test_nonsense_in_the_address_is_named(self, superuser: Office, query: dict[str, str]) -> None:
        assert (await superuser.open("/grants", **query)).status_code in {400, 422}
