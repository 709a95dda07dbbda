"""The list of those as whom the caller may act now."""

import pytest

from app.auth.roles import Role
from tests.actors import Business, Platform
from tests.auth.cast import API, Cast, Person


@pytest.fixture
async def owner(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_OWNER, business)


@pytest.fixture
async def staff(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_STAFF, business)


class TestListCandidates:
    async def test_shows_whom_the_caller_may_act_as(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        manager = await cast.add(Role.TENANT_MANAGER, business)
        await cast.add(Role.CUSTOMER, business)
        await cast.add(Role.TENANT_STAFF, business, is_active=False)
        page = (await owner.get("/masquerade/candidates")).json()
        assert [each["id"] for each in page["items"]] == [str(manager.id), str(staff.id)]
        assert page["items"][1] == {
            "id": str(staff.id),
            "email": staff.email,
            "name": "Pat Tenant_Staff",
            "role": "TENANT_STAFF",
            "tenant": {
                "id": business.id,
                "slug": business.slug,
                "name": f"The {business.slug}",
                "is_temporary": False,
            },
        }

    async def test_pages(self, cast: Cast, business: Business, owner: Person) -> None:
        people = [await cast.add(Role.TENANT_STAFF, business) for _ in range(3)]
        first = (await owner.get("/masquerade/candidates", limit=2)).json()
        rest = (await owner.get("/masquerade/candidates", cursor=first["next_cursor"])).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == [str(each.id) for each in people[::-1]]

    async def test_searches_names_and_addresses(self, cast: Cast, business: Business, owner: Person) -> None:
        one, other = [await cast.add(Role.TENANT_STAFF, business) for _ in range(2)]
        await cast.change(one, name="Zoë 100%")
        for search, expected in (("zoë", [one]), ("100%", [one]), (other.email[:30], [other]), ("%", [one])):
            page = (await owner.get("/masquerade/candidates", q=search)).json()
            assert [each["id"] for each in page["items"]] == [str(each.id) for each in expected]

    async def test_can_be_narrowed_to_one_business(
        self, cast: Cast, business: Business, other_business: Business, owner: Person, staff: Person
    ) -> None:
        support = await cast.add(Role.PLATFORM_SUPPORT)
        await cast.add(Role.TENANT_STAFF, other_business)
        page = (await support.get("/masquerade/candidates", tenant_id=business.id)).json()
        assert {str(owner.id), str(staff.id)} < {each["id"] for each in page["items"]}
        assert {each["tenant"]["slug"] for each in page["items"]} == {business.slug}
        page = (await owner.get("/masquerade/candidates", tenant_id=other_business.id)).json()
        assert page["items"] == []

    async def test_has_the_platforms_own_people_for_a_superuser(self, cast: Cast, platform: Platform) -> None:
        support = await cast.add(Role.PLATFORM_SUPPORT)
        answer = await platform.superuser.get(f"{API}/masquerade/candidates", params={"q": support.email})
        assert [(each["id"], each["tenant"]) for each in answer.json()["items"]] == [(str(support.id), None)]

    @pytest.mark.parametrize("role", [Role.PLATFORM_MANAGER, Role.TENANT_MANAGER, Role.TENANT_STAFF, Role.CUSTOMER])
    async def test_needs_the_permission(self, cast: Cast, business: Business, role: Role) -> None:
        somebody = await cast.add(role, None if role.is_platform else business)
        assert (await somebody.get("/masquerade/candidates")).json()["code"] == "permission-denied"
