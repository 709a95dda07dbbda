"""Lending permissions to colleagues: who may lend what to whom, what it gives, who is told, who takes it back."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.auth.permissions import GRANTABLE, Area, Permission, permissions_of
from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.mail.messages import MailKind
from tests.actors import Business, Platform
from tests.auth.cast import API, REASON, Cast, Person
from tests.mailbox import Mailbox

BUSINESS_ROLES = [role for role in Role if not role.is_platform]
PLATFORM_ROLES = [role for role in Role if role.is_platform]


@pytest.fixture(scope="module")
async def business(platform: Platform) -> Business:
    """A business that these tests share: each has people of its own."""
    return await platform.sign_up()


@pytest.fixture(scope="module")
async def other_business(platform: Platform) -> Business:
    return await platform.sign_up()


@pytest.fixture
async def owner(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_OWNER, business)


@pytest.fixture
async def manager(cast: Cast, business: Business) -> Person:
    return await cast.add(Role.TENANT_MANAGER, business)


@pytest.fixture
async def staff(cast: Cast, business: Business) -> Person:
    """Somebody without any area."""
    return await cast.add(Role.TENANT_STAFF, business)


class TestGiveGrants:
    async def test_lends_for_half_an_hour(self, owner: Person, staff: Person) -> None:
        before = utcnow()
        answer = await owner.lend(staff, "customers:write")
        assert answer.status_code == 201
        (grant,) = answer.json()["items"]
        assert {name: grant[name] for name in ("permission", "reason", "state", "is_active", "revoked_at")} == {
            "permission": "customers:write",
            "reason": REASON,
            "state": "active",
            "is_active": True,
            "revoked_at": None,
        }
        assert grant["grantor"] == {"id": str(owner.id), "name": "Pat Tenant_Owner", "email": owner.email}
        assert grant["grantee"]["id"] == str(staff.id)
        begins, ends = (datetime.fromisoformat(grant[name]) for name in ("created_at", "expires_at"))
        assert begins >= before
        assert ends - begins == timedelta(minutes=30)

    async def test_acts_at_once(self, owner: Person, staff: Person) -> None:
        body = {"name": "Grace Hopper"}
        assert (await staff.post("/customers", body)).json()["code"] == "permission-denied"
        await owner.lent(staff)
        assert (await staff.post("/customers", body)).status_code == 201

    async def test_several_are_lent_together_each_once(self, owner: Person, staff: Person) -> None:
        wanted = ("webhooks:write", "audit:read", "audit:read")
        answer = await owner.lend(staff, *wanted, minutes=1)
        assert [grant["permission"] for grant in answer.json()["items"]] == ["audit:read", "webhooks:write"]
        assert set(wanted) <= await staff.permissions()

    async def test_me_shows_them(self, owner: Person, staff: Person) -> None:
        grant_id = await owner.lent(staff)
        (shown,) = (await staff.get("/me")).json()["grants"]
        assert (shown["id"], shown["permission"], shown["grantor_id"]) == (grant_id, "customers:write", str(owner.id))

    async def test_what_the_role_has_anyway_is_not_shown_as_lent(self, owner: Person, staff: Person) -> None:
        await owner.lent(staff, "services:read")
        me = (await staff.get("/me")).json()
        assert me["grants"] == []
        assert "services:read" in me["permissions"]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"minutes": 0}, "/minutes"),
            ({"minutes": 1441}, "/minutes"),
            ({"permissions": []}, "/permissions"),
            ({"permissions": ["everything"]}, "/permissions/0"),
            ({"reason": "why"}, "/reason"),
            ({"grantee_id": "me"}, "/grantee_id"),
            ({"grantor_id": str(uuid7())}, "/grantor_id"),
        ],
    )
    async def test_bad_input_is_named(
        self, owner: Person, staff: Person, changes: dict[str, object], pointer: str
    ) -> None:
        answer = await owner.lend(staff, "audit:read", **changes)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_lasts_a_day_at_most(self, owner: Person, staff: Person) -> None:
        (grant,) = (await owner.lend(staff, "audit:read", minutes=1440)).json()["items"]
        begins, ends = (datetime.fromisoformat(grant[name]) for name in ("created_at", "expires_at"))
        assert ends - begins == timedelta(days=1)


class TestWhoMayLend:
    @pytest.mark.parametrize("role", BUSINESS_ROLES)
    async def test_what_their_own_role_has_and_can_be_lent(
        self, cast: Cast, business: Business, staff: Person, role: Role
    ) -> None:
        grantor, own = await cast.add(role, business), permissions_of(role)
        for permission in Permission:
            answer = await grantor.lend(staff, permission)
            if Permission.GRANTS_WRITE not in own:
                assert answer.json()["code"] == "permission-denied", permission
            elif permission in own & GRANTABLE:
                assert answer.status_code == 201, permission
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "grant-denied"), permission

    @pytest.mark.parametrize("role", PLATFORM_ROLES)
    async def test_so_at_the_platform(self, cast: Cast, role: Role) -> None:
        sales, grantor = await cast.add(Role.PLATFORM_SALES), await cast.add(role)
        for permission in Permission:
            answer = await grantor.lend(sales, permission)
            may = {Permission.GRANTS_WRITE, permission} <= permissions_of(role) and permission in GRANTABLE
            assert (answer.status_code == 201) is may, permission

    def test_no_power_over_power_can_be_lent(self) -> None:
        unlendable = {permission.value for permission in set(Permission) - GRANTABLE}
        assert unlendable == {
            "tokens:read",
            "tokens:write",
            "staff:write",
            "grants:read",
            "grants:write",
            "masquerade:write",
            "tiers:write",
        }

    async def test_not_what_they_were_lent_themselves(self, owner: Person, manager: Person, staff: Person) -> None:
        await owner.lent(manager, "webhooks:write")
        assert "webhooks:write" in await manager.permissions()
        answer = await manager.lend(staff, "webhooks:write")
        assert "Your own role does not have 'webhooks:write'" in answer.json()["detail"]

    async def test_nobody_masked(self, cast: Cast, business: Business, owner: Person, manager: Person) -> None:
        masked = await cast.mask(owner, manager, business)
        body = {"grantee_id": str(owner.id), "permissions": ["audit:read"], "reason": REASON}
        assert (await masked.client.post(f"{API}/grants", json=body)).json()["code"] == "permission-denied"

    async def test_no_token(self, business: Business, staff: Person) -> None:
        client = await business.client("audit:read", "customers:write")
        body = {"grantee_id": str(staff.id), "permissions": ["audit:read"], "reason": REASON}
        assert (await client.post(f"{API}/grants", json=body)).json()["code"] == "permission-denied"


class TestWhoCanBeLent:
    @pytest.mark.parametrize("role", BUSINESS_ROLES)
    async def test_whoever_works_there(self, cast: Cast, business: Business, owner: Person, role: Role) -> None:
        answer = await owner.lend(await cast.add(role, business), "audit:read")
        expected = 201 if role in {Role.TENANT_MANAGER, Role.TENANT_STAFF} else 403
        assert answer.status_code == expected

    @pytest.mark.parametrize("role", PLATFORM_ROLES)
    async def test_so_at_the_platform(self, cast: Cast, role: Role) -> None:
        root = await cast.add(Role.SUPERUSER)
        assert (await root.lend(await cast.add(role), "audit:read")).status_code == 201

    async def test_not_oneself(self, manager: Person) -> None:
        answer = await manager.lend(manager, "audit:read")
        assert (answer.json()["code"], "themselves" in answer.json()["detail"]) == ("grant-denied", True)

    async def test_nobody_deactivated(self, cast: Cast, business: Business, owner: Person) -> None:
        gone = await cast.add(Role.TENANT_STAFF, business, is_active=False)
        assert (await owner.lend(gone, "audit:read")).json()["detail"] == "The user is deactivated."

    async def test_nobody_of_another_place(
        self, cast: Cast, other_business: Business, owner: Person, staff: Person
    ) -> None:
        """Neither across businesses nor between a business and the platform; and there is nobody like that."""
        root = await cast.add(Role.SUPERUSER)
        stranger = await cast.add(Role.TENANT_STAFF, other_business)
        pairs = [(owner, stranger), (owner, root), (root, staff)]
        answers = [(await grantor.lend(grantee, "audit:read")) for grantor, grantee in pairs]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "user-not-found")}
        nobody = {"grantee_id": str(uuid7()), "permissions": ["audit:read"], "reason": REASON}
        assert (await owner.post("/grants", nobody)).json()["code"] == "user-not-found"

    async def test_no_sandbox_user(self, cast: Cast, owner: Person, staff: Person) -> None:
        await cast.change(staff, is_sandbox=True)
        assert (await owner.lend(staff, "audit:read")).json()["code"] == "user-not-found"


class TestTold:
    async def test_the_grantee(self, owner: Person, staff: Person, cast: Cast, mailbox: Mailbox) -> None:
        await owner.lend(staff, "audit:read", "customers:write")
        told = [(each.kind, each.data["permission"], each.data["reason"]) for each in await cast.notifications(staff)]
        assert told == [("grant_given", "audit:read", REASON), ("grant_given", "customers:write", REASON)]
        (mail,) = await mailbox.find(staff.email, MailKind.GRANT_GIVEN)
        assert "audit:read, customers:write" in mail.text
        assert "Pat Tenant_Owner" in mail.subject

    async def test_the_trail(self, business: Business, owner: Person, staff: Person, cast: Cast) -> None:
        grant_id = await owner.lent(staff)
        await owner.post(f"/grants/{grant_id}/revoke")
        (given,) = await cast.entries("grant.given", about=UUID(grant_id))
        (revoked,) = await cast.entries("grant.revoked", about=UUID(grant_id))
        for entry in (given, revoked):
            assert (entry.actor_id, str(entry.chain_id)) == (owner.id, business.id)
        assert given.reason == REASON
        assert given.diff["permission"]["to"] == revoked.diff["permission"]["from"] == "customers:write"
        assert given.diff["grantee_id"]["to"] == str(staff.id)

    async def test_the_grantee_of_a_revocation(self, owner: Person, staff: Person, cast: Cast) -> None:
        await owner.post(f"/grants/{await owner.lent(staff)}/revoke")
        last = (await cast.notifications(staff))[-1]
        assert (last.kind, last.data) == (
            "grant_revoked",
            {"permission": "customers:write", "revoker": "Pat Tenant_Owner"},
        )

    async def test_the_trail_of_what_only_a_grant_permitted(self, owner: Person, staff: Person, cast: Cast) -> None:
        grant_id = await owner.lent(staff, "business:write")
        answer = await staff.client.patch(f"{API}/business", json={"first_weekday": 7})
        assert answer.status_code == 200, answer.text
        (entry,) = [each for each in await cast.by(staff) if each.event == "business.changed"]
        assert str(entry.grant_id) == grant_id
        await owner.client.patch(f"{API}/business", json={"first_weekday": 1})
        (entry,) = [each for each in await cast.by(owner) if each.event == "business.changed"]
        assert entry.grant_id is None

    async def test_the_trail_of_what_an_area_permits_names_no_grant(
        self, business: Business, owner: Person, cast: Cast
    ) -> None:
        person = await cast.add(Role.TENANT_STAFF, business, areas=(Area.SETTINGS,))
        await owner.lent(person, "business:write")
        await person.client.patch(f"{API}/business", json={"first_weekday": 6})
        (entry,) = [each for each in await cast.by(person) if each.event == "business.changed"]
        assert entry.grant_id is None


class TestListGrants:
    async def test_shows_what_was_lent_here_newest_first(
        self, cast: Cast, platform: Platform, other_business: Business
    ) -> None:
        place = await platform.sign_up()
        owner, staff = await cast.add(Role.TENANT_OWNER, place), await cast.add(Role.TENANT_STAFF, place)
        elsewhere = await cast.add(Role.TENANT_OWNER, other_business)
        await elsewhere.lent(await cast.add(Role.TENANT_STAFF, other_business))
        ids = [await owner.lent(staff, name) for name in ("audit:read", "services:write", "webhooks:read")]
        first = (await owner.get("/grants", limit=2)).json()
        rest = (await owner.get("/grants", limit=2, cursor=first["next_cursor"])).json()
        assert [each["id"] for each in first["items"] + rest["items"]] == ids[::-1]
        assert rest["next_cursor"] is None

    async def test_filters(self, owner: Person, manager: Person, staff: Person) -> None:
        by_owner, by_manager = await owner.lent(staff), await manager.lent(staff)
        other = await owner.lent(manager, "webhooks:write")
        for filters, expected in (
            ({"grantee_id": staff.id}, [by_manager, by_owner]),
            ({"grantor_id": owner.id}, [other, by_owner]),
            ({"grantor_id": owner.id, "grantee_id": staff.id}, [by_owner]),
        ):
            page = (await owner.get("/grants", **filters)).json()
            assert [each["id"] for each in page["items"]] == expected

    async def test_by_state(self, cast: Cast, owner: Person, staff: Person) -> None:
        active, expired, revoked = [await owner.lent(staff) for _ in range(3)]
        await cast.age_grant(expired, timedelta(minutes=30))
        await owner.post(f"/grants/{revoked}/revoke")
        for state, expected in (("active", active), ("expired", expired), ("revoked", revoked)):
            (grant,) = (await owner.get("/grants", state=state, grantee_id=staff.id)).json()["items"]
            assert (grant["id"], grant["state"], grant["is_active"]) == (expected, state, state == "active")

    async def test_on_the_platforms_host_the_platforms_own_unless_a_business_is_named(
        self, cast: Cast, business: Business, owner: Person, staff: Person
    ) -> None:
        root, sales = await cast.add(Role.SUPERUSER), await cast.add(Role.PLATFORM_SALES)
        theirs, ours = await owner.lent(staff), await root.lent(sales, "audit:read")
        mine = (await root.get("/grants", limit=1)).json()["items"]
        assert [each["id"] for each in mine] == [ours]
        named = (await root.get("/grants", limit=1, tenant_id=business.id)).json()["items"]
        assert [each["id"] for each in named] == [theirs]

    async def test_naming_another_business_changes_nothing(
        self, other_business: Business, owner: Person, staff: Person
    ) -> None:
        grant_id = await owner.lent(staff)
        named = (await owner.get("/grants", limit=1, tenant_id=other_business.id)).json()["items"]
        assert [each["id"] for each in named] == [grant_id]

    async def test_needs_the_permission(self, staff: Person) -> None:
        assert (await staff.get("/grants")).json()["code"] == "permission-denied"
