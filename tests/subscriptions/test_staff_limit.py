"""How many members of staff a subscription covers."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.errors import TierLimit
from app.models.public import InvitationRow, UserRow
from app.people.users import create_user
from app.subscriptions.limits import count_staff, require_staff_room
from tests.actors import PASSWORD, Business
from tests.subscriptions.conftest import Limiting


@pytest.fixture
def tenant_id(small_business: Business) -> UUID:
    """A business with an owner and nobody else."""
    return UUID(small_business.id)


async def join(app: FastAPI, tenant_id: UUID, role: Role = Role.TENANT_STAFF, **changes: Any) -> UUID:
    """Make somebody who can log in."""
    user_id: UUID
    async with app.state.database.transaction() as session:
        user: UserRow = await create_user(
            session,
            email=f"{uuid7()}@example.com",
            name="Sam",
            password=PASSWORD,
            role=role,
            tenant_id=tenant_id,
            now=utcnow(),
        )
        for name, value in changes.items():
            setattr(user, name, value)
        user_id = user.id
    return user_id


async def invite(app: FastAPI, tenant_id: UUID, by: UUID, role: Role = Role.TENANT_STAFF, **changes: Any) -> UUID:
    """Keep a place for somebody."""
    invitation_id, now = uuid7(), utcnow()
    values = {"expires_at": now + timedelta(days=1), "accepted_at": None, "revoked_at": None} | changes
    async with app.state.database.transaction() as session:
        session.add(
            InvitationRow(
                id=invitation_id,
                tenant_id=tenant_id,
                email=f"{invitation_id}@example.com",
                name="Ina",
                role=role,
                areas=[],
                customer_id=None,
                invited_by=by,
                digest=invitation_id.bytes,
                created_at=now,
                **values,
            )
        )
    return invitation_id


async def count(app: FastAPI, tenant_id: UUID) -> int:
    async with app.state.database.transaction() as session:
        return await count_staff(session, tenant_id, now=utcnow())


class TestCountStaff:
    async def test_counts_who_can_log_in_and_who_is_invited(self, app: FastAPI, tenant_id: UUID) -> None:
        manager = await join(app, tenant_id, Role.TENANT_MANAGER)
        await join(app, tenant_id)
        await invite(app, tenant_id, manager)
        assert await count(app, tenant_id) == 4

    async def test_counts_nobody_else(self, app: FastAPI, tenant_id: UUID, other_business: Business) -> None:
        await join(app, tenant_id, is_active=False)
        await join(app, tenant_id, is_sandbox=True)
        customer = await join(app, tenant_id, Role.CUSTOMER)
        await join(app, UUID(other_business.id))
        now = utcnow()
        await invite(app, tenant_id, customer, Role.CUSTOMER)
        await invite(app, tenant_id, customer, accepted_at=now)
        await invite(app, tenant_id, customer, revoked_at=now)
        await invite(app, tenant_id, customer, expires_at=now)
        assert await count(app, tenant_id) == 1


class TestRequireStaffRoom:
    async def test_lets_in_as_many_as_are_covered(self, app: FastAPI, tenant_id: UUID, starter: Limiting) -> None:
        await starter(max_staff=2)
        async with app.state.database.transaction() as session:
            await require_staff_room(session, tenant_id, now=utcnow())
        await join(app, tenant_id)
        with pytest.raises(TierLimit) as refused:
            async with app.state.database.transaction() as session:
                await require_staff_room(session, tenant_id, now=utcnow())
        assert refused.value.params == {
            "limit": "staff",
            "allowed": 2,
            "used": 2,
            "tier": "STARTER",
            "lifted_by": ["PROFESSIONAL", "ENTERPRISE"],
        }

    async def test_names_only_tiers_that_cover_what_is_used(
        self, app: FastAPI, tenant_id: UUID, starter: Limiting
    ) -> None:
        await starter(max_staff=1)
        async with app.state.database.transaction() as session:
            session.add_all(
                UserRow(
                    id=uuid7(),
                    email=f"{number}@example.com",
                    name="Sam",
                    password_hash="",
                    role=Role.TENANT_STAFF,
                    tenant_id=tenant_id,
                    is_active=True,
                    is_sandbox=False,
                    created_at=utcnow(),
                    updated_at=utcnow(),
                )
                for number in range(40)
            )
        with pytest.raises(TierLimit, match=r"and 41 are in use\. .*: ENTERPRISE\.") as refused:
            async with app.state.database.transaction() as session:
                await require_staff_room(session, tenant_id, now=utcnow())
        assert refused.value.params["lifted_by"] == ["ENTERPRISE"]

    async def test_whoever_accepts_an_invitation_has_its_place(
        self, app: FastAPI, tenant_id: UUID, starter: Limiting
    ) -> None:
        await starter(max_staff=3)
        invitation = await invite(app, tenant_id, await join(app, tenant_id))
        async with app.state.database.transaction() as session:
            await require_staff_room(session, tenant_id, now=utcnow(), except_invitation=invitation)
            with pytest.raises(TierLimit):
                await require_staff_room(session, tenant_id, now=utcnow())

    async def test_of_many_at_once_only_as_many_get_in(self, app: FastAPI, tenant_id: UUID, starter: Limiting) -> None:
        await starter(max_staff=3)
        owner = await join(app, tenant_id, Role.TENANT_OWNER)

        async def come() -> bool:
            now, invitation_id = utcnow(), uuid7()
            try:
                async with app.state.database.transaction() as session:
                    await require_staff_room(session, tenant_id, now=now)
                    session.add(
                        InvitationRow(
                            id=invitation_id,
                            tenant_id=tenant_id,
                            email=f"{invitation_id}@example.com",
                            name="Ina",
                            role=Role.TENANT_STAFF,
                            areas=[],
                            customer_id=None,
                            invited_by=owner,
                            digest=invitation_id.bytes,
                            expires_at=now + timedelta(days=1),
                            accepted_at=None,
                            revoked_at=None,
                            created_at=now,
                        )
                    )
            except TierLimit:
                return False
            return True

        assert sorted(await asyncio.gather(*(come() for _ in range(5)))) == [False, False, False, False, True]
        assert await count(app, tenant_id) == 3

    async def test_nothing_is_bounded_without_a_limit(self, app: FastAPI, business: Business) -> None:
        for _ in range(4):
            await join(app, UUID(business.id))
        async with app.state.database.transaction() as session:
            await require_staff_room(session, UUID(business.id), now=utcnow())
