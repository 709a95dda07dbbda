"""Businesses in the back office."""

from datetime import datetime, timedelta

from fastapi import FastAPI
from sqlalchemy import delete

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.core.listing import PER_PAGE
from app.models.public import TenantRow
from tests.actors import Business, Platform
from tests.admin.conftest import Hire
from tests.admin.office import Office, words


def rows(page: str) -> list[str]:
    """The names in the first column of a list."""
    return [part.split("</a>")[0].rpartition(">")[2] for part in page.split('<th scope="row">')[1:]]


async def tenant_of(platform: Platform, business: Business) -> dict[str, object]:
    answer = await platform.superuser.get(f"/api/v1/platform/tenants/{business.id}")
    found: dict[str, object] = answer.json()
    return found


class TestList:
    async def test_finds_by_name_slug_and_host(self, superuser: Office, platform: Platform) -> None:
        made = await platform.sign_up("quite-a-name", name="Zwiebelturm Frisöre")
        for search in ("zwiebelTURM", "quite-a", "ite-a-nam"):
            assert rows((await superuser.open("/tenants", q=search)).text) == ["Zwiebelturm Frisöre"]
        page = await superuser.open("/tenants", q=made.slug)
        assert "quite-a-name.localhost ours" in words(page)

    async def test_takes_wildcards_for_what_they_are(self, superuser: Office) -> None:
        page = await superuser.open("/tenants", q="%")
        assert "No business is like that. Search for less" in words(page)

    async def test_sorts_and_filters(self, superuser: Office, platform: Platform) -> None:
        for name, tier in (("Sorted B", "FREE"), ("Sorted A", "STARTER"), ("Sorted C", "FREE")):
            await platform.sign_up(name=name, subscription_tier=tier)
        up = await superuser.open("/tenants", q="Sorted", sort="name")
        assert rows(up.text) == ["Sorted A", "Sorted B", "Sorted C"]
        assert 'aria-sort="ascending"' in up.text
        assert "?q=Sorted&amp;sort=-name" in up.text
        assert rows((await superuser.open("/tenants", q="Sorted", sort="-name")).text)[0] == "Sorted C"
        assert rows((await superuser.open("/tenants", q="Sorted")).text)[0] == "Sorted C"
        free = await superuser.open("/tenants", q="Sorted", tier="FREE", sort="name")
        assert rows(free.text) == ["Sorted B", "Sorted C"]
        assert "2 in all" in words(free)

    async def test_pages_to_the_last_and_no_further(self, superuser: Office, app: FastAPI) -> None:
        one = {"slug": "leaf", "name": "Leafed", "status": "active", "subscription_tier": "FREE", "timezone": "UTC"}
        rest = {"is_temporary": False, "currency": "EUR", "created_at": utcnow(), "updated_at": utcnow()}
        async with app.state.database.transaction() as session:
            session.add_all(
                TenantRow(id=uuid7(), **one | rest | {"slug": f"leaf-{number}", "schema_name": f"tenant_leaf_{number}"})
                for number in range(PER_PAGE + 1)
            )
        try:
            first = await superuser.open("/tenants", q="Leafed", sort="slug")
            assert f"{PER_PAGE + 1} in all · page 1 of 2 Next" in words(first)
            assert "?q=Leafed&amp;sort=slug&amp;page=2" in first.text
            for page in (2, 3, 999):
                last = await superuser.open("/tenants", q="Leafed", sort="slug", page=page)
                assert "page 2 of 2 Previous" in words(last)
                assert len(rows(last.text)) == 1
        finally:
            async with app.state.database.transaction() as session:
                await session.execute(delete(TenantRow).where(TenantRow.name == "Leafed"))

    async def test_takes_nonsense_for_the_first_page(self, superuser: Office) -> None:
        for nonsense in ("0", "-1", "x", "99999999999", "१"):
            assert "page 1 of" in words(await superuser.open("/tenants", page=nonsense))

    async def test_an_unknown_order_or_filter_is_left_aside(self, superuser: Office, business: Business) -> None:
        page = await superuser.open("/tenants", q=business.slug, sort="password_hash", status="x", tier="x")
        assert rows(page.text) == [f"The {business.slug}"]


class TestSuspend:
    async def test_and_resume_act_at_once_and_are_audited(self, superuser: Office, business: Business) -> None:
        path = f"/tenants/{business.id}"
        answer = await superuser.post(f"{path}/suspend")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/admin{path}?done=suspended")
        assert (await business.owner.get("/api/v1/me")).json()["code"] == "tenant-suspended"
        page = await superuser.open(path, done="suspended")
        assert "The business is suspended." in words(page)
        assert "Resume" in words(page)
        await superuser.post(f"{path}/resume")
        assert (await business.owner.get("/api/v1/me")).status_code == 200
        trail = words(await superuser.open("/audit", tenant_id=business.id, actor_id=superuser.user_id))
        assert "tenant.suspended" in trail
        assert "tenant.resumed" in trail
        assert "/tenants/{tenant_id:uuid}/suspend" in trail

    async def test_the_address_brings_no_words_of_its_own(self, superuser: Office) -> None:
        page = await superuser.open("/tenants", done="Your account was hacked, call us")
        assert "hacked" not in page.text


class TestTier:
    async def test_is_changed(self, superuser: Office, business: Business, platform: Platform) -> None:
        await superuser.post(f"/tenants/{business.id}/tier", subscription_tier="STARTER")
        assert (await tenant_of(platform, business))["subscription_tier"] == "STARTER"

    async def test_has_to_be_one_that_there_is(self, superuser: Office, business: Business) -> None:
        answer = await superuser.post(f"/tenants/{business.id}/tier", subscription_tier="GOLD")
        assert answer.status_code == 422
        assert "subscription_tier" in words(answer)
        assert f'href="/admin/tenants/{business.id}"' in answer.text

    async def test_takes_nothing_beside(self, superuser: Office, business: Business, platform: Platform) -> None:
        answer = await superuser.post(f"/tenants/{business.id}/tier", subscription_tier="STARTER", name="Mine now")
        assert answer.status_code == 422
        assert (await tenant_of(platform, business))["name"] != "Mine now"


class TestExtend:
    async def test_sets_another_end(self, superuser: Office, platform: Platform) -> None:
        demo = await platform.sign_up(is_temporary=True)
        answer = await superuser.post(f"/tenants/{demo.id}/extend", days="30")
        assert answer.status_code == 303
        end = datetime.fromisoformat(str((await tenant_of(platform, demo))["demo_expires_at"]))
        assert timedelta(days=29) < end - utcnow() <= timedelta(days=30)

    async def test_within_the_longest_term(self, superuser: Office, platform: Platform) -> None:
        demo = await platform.sign_up(is_temporary=True)
        for days in ("0", "91", "x", ""):
            assert (await superuser.post(f"/tenants/{demo.id}/extend", days=days)).status_code == 422

    async def test_a_business_that_is_no_demo_has_no_end(self, superuser: Office, business: Business) -> None:
        assert "Set the end" not in words(await superuser.open(f"/tenants/{business.id}"))
        assert (await superuser.post(f"/tenants/{business.id}/extend", days="3")).status_code == 422


class TestDetail:
    async def test_offers_only_what_its_reader_may_do(self, hire: Hire, business: Business) -> None:
        support = await hire(Role.PLATFORM_SUPPORT)
        page = await support.open(f"/tenants/{business.id}")
        assert "Suspend" not in words(page)
        assert f"/admin/webhooks/{business.id}" in page.text
        assert "/admin/audit" not in page.text
