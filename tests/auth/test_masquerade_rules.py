"""The matrix and the rules that no role lifts, over all pairs of roles; in Python, and once more in the database."""

import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.auth import masquerade_candidates
from app.auth.masquerade_attempts import person as person_of
from app.auth.masquerade_rules import Person, objection
from app.auth.masquerade_schemas import CandidateFilters
from app.auth.permissions import Permission, permissions_of
from app.auth.principals import Principal
from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import TenantRow, UserRow
from app.tenancy.hosts import find_all
from app.tenancy.mode import Mode
from tests.actors import Business, Platform
from tests.auth.cast import Cast
from tests.conftest import Caller
from tests.docs.markdown import ROOT

# Who (down) may act as whom (across): always, in a demo account, at the own business.
_ROLES = (
    "SUPERUSER PLATFORM_MANAGER PLATFORM_SALES PLATFORM_SUPPORT   TENANT_OWNER TENANT_MANAGER TENANT_STAFF CUSTOMER"
)
_TABLE = {
    #                            SU    PM   SALES SUPPORT  OWNER MANAGER STAFF CUSTOMER
    Role.SUPERUSER: "            yes   yes   yes   yes     yes   yes   yes   yes",
    Role.PLATFORM_MANAGER: "     -     -     -     -       -     -     -     -",
    Role.PLATFORM_SALES: "       -     -     -     -       demo  demo  demo  demo",
    Role.PLATFORM_SUPPORT: "     -     -     -     -       yes   yes   yes   yes",
    Role.TENANT_OWNER: "         -     -     -     -       -     own   own   -",
    Role.TENANT_MANAGER: "       -     -     -     -       -     -     -     -",
    Role.TENANT_STAFF: "         -     -     -     -       -     -     -     -",
    Role.CUSTOMER: "             -     -     -     -       -     -     -     -",
}
MATRIX = {actor: dict(zip(map(Role, _ROLES.split()), row.split(), strict=True)) for actor, row in _TABLE.items()}
PAIRS = list(product(Role, Role))
OTHER_PAIRS = [(actor, target) for actor, target in PAIRS if actor is not Role.SUPERUSER]
HERE, ELSEWHERE = UUID(int=1), UUID(int=2)


def somebody(role: Role, *, number: int, tenant_id: UUID = HERE, is_demo: bool = False, **changes: bool) -> Person:
    home = None if role.is_platform else tenant_id
    known = {"is_active": True} | changes
    return Person(UUID(int=number), role, home, is_demo=is_demo and home is not None, **known)


class TestMatrix:
    @pytest.mark.parametrize(("actor", "target"), PAIRS)
    @pytest.mark.parametrize("is_demo", [True, False])
    @pytest.mark.parametrize("tenant_id", [HERE, ELSEWHERE])
    def test_says_who_may_act_as_whom(self, actor: Role, target: Role, tenant_id: UUID, *, is_demo: bool) -> None:
        expected = {
            "yes": True,
            "-": False,
            "demo": is_demo,
            "own": tenant_id == HERE,
        }[MATRIX[actor][target]]
        found = objection(somebody(actor, number=1), somebody(target, number=2, tenant_id=tenant_id, is_demo=is_demo))
        assert (found is None) is expected

    @pytest.mark.parametrize("role", Role)
    def test_nobody_acts_as_themselves(self, role: Role) -> None:
        assert "themselves" in str(objection(somebody(role, number=1), somebody(role, number=1)))

    @pytest.mark.parametrize(("actor", "target"), PAIRS)
    def test_nobody_acts_as_somebody_deactivated_nor_does_such_a_one_act(self, actor: Role, target: Role) -> None:
        active, inactive = somebody(actor, number=1), somebody(actor, number=1, is_active=False)
        assert objection(active, somebody(target, number=2, is_active=False))
        assert objection(inactive, somebody(target, number=2))

    @pytest.mark.parametrize("target", [role for role in Role if not role.is_platform])
    def test_nobody_enters_a_business_that_is_not_served(self, target: Role) -> None:
        user = somebody(target, number=2, is_served=False)
        assert "suspended" in str(objection(somebody(Role.SUPERUSER, number=1), user))

    @pytest.mark.parametrize(("actor", "target"), OTHER_PAIRS)
    def test_out_of_reach_everybody_looks_alike(self, actor: Role, target: Role) -> None:
        """Neither that somebody is deactivated nor that they are a superuser shows to whom it does not concern."""
        strange = somebody(target, number=2, tenant_id=ELSEWHERE)
        hidden = somebody(target, number=2, tenant_id=ELSEWHERE, is_active=False, is_served=False)
        if (words := objection(somebody(actor, number=1), strange)) is not None:
            assert words == objection(somebody(actor, number=1), hidden)
            assert str(target) not in str(words).replace(f"The role {actor}", "")

    @pytest.mark.parametrize("role", Role)
    def test_whoever_may_act_as_anybody_has_the_permission_to_ask(self, role: Role) -> None:
        assert (Permission.MASQUERADE in permissions_of(role)) is (set(MATRIX[role].values()) != {"-"})


class TestDocument:
    def test_shows_the_matrix(self) -> None:
        table = re.findall(r"^\|((?:[^|\n]*\|){9})$", (ROOT / "docs" / "masquerade.md").read_text(), re.MULTILINE)
        heading, _, *rows = [[cell.strip() for cell in line.split("|")[:-1]] for line in table]
        assert heading == ["", *Role]
        assert rows == [[actor, *(cell.replace("-", "") for cell in row.values())] for actor, row in MATRIX.items()]


@dataclass(frozen=True)
class Population:
    """Users of every role, active and not, at the platform and at businesses of every kind."""

    app: FastAPI
    businesses: list[Business]
    ids: set[UUID]


@pytest.fixture(scope="module")
async def population(app: FastAPI, at: Caller, platform: Platform) -> Population:
    cast = Cast(app, at)
    plain, demo, suspended, ended = [await platform.sign_up() for _ in range(4)]
    people = [
        await cast.add(role, business, is_active=is_active)
        for role in Role
        for business in ([None] if role.is_platform else [plain, demo, suspended, ended])
        for is_active in (True, False)
    ]
    await cast.make_demo(demo)
    await cast.make_demo(suspended)
    await cast.change_tenant(suspended, status="suspended")
    await cast.change_tenant(ended, is_temporary=True, demo_expires_at=utcnow() - timedelta(seconds=1))
    sandbox = await cast.add(Role.TENANT_STAFF, demo)
    await cast.change(sandbox, is_sandbox=True)
    return Population(app, [plain, demo, suspended, ended], {each.id for each in people})


class TestCandidates:
    @pytest.mark.parametrize("role", Role)
    @pytest.mark.parametrize("home", range(4))
    async def test_are_those_whom_the_rules_allow(self, population: Population, role: Role, home: int) -> None:
        """The rules in SQL and the rules in Python agree on everybody."""
        now = utcnow()
        async with population.app.state.database.transaction() as session:
            query = select(UserRow, TenantRow).outerjoin(TenantRow, TenantRow.id == UserRow.tenant_id)
            everybody = (await session.execute(query.where(UserRow.is_sandbox.is_(False)))).all()
            tenants = {str(tenant.id): tenant for tenant in await find_all(session)}
        tenant = None if role.is_platform else tenants[population.businesses[home].id]
        actor = next(
            user
            for user, _ in everybody
            if user.id in population.ids
            and (user.role, user.tenant_id, user.is_active) == (role, tenant.id if tenant else None, True)
        )
        principal = Principal(actor.id, actor.email, role, tenant, Mode.LIVE, frozenset())
        real = person_of(actor, None, now=now)
        allowed = {user.id for user, home in everybody if objection(real, person_of(user, home, now=now)) is None}
        assert await self.found(population, principal) == allowed

    async def found(self, population: Population, principal: Principal) -> set[UUID]:
        cursor, ids = None, set()
        async with population.app.state.database.transaction() as session:
            while True:
                request = CandidateFilters(limit=100, cursor=cursor)
                page = await masquerade_candidates.find(session, principal, request, now=utcnow())
                ids |= {each.user.id for each in page.items}
                if page.next_cursor is None:
                    return ids
                cursor = page.next_cursor

    async def test_sandbox_users_are_none_of_them(self, population: Population) -> None:
        root = Principal(uuid7(), "", Role.SUPERUSER, None, Mode.LIVE, frozenset())
        async with population.app.state.database.transaction() as session:
            query = select(UserRow.id).where(UserRow.is_sandbox)
            sandbox = set(await session.scalars(query))
        assert sandbox
        assert not sandbox & await self.found(population, root)
