"""Who of the platform is told of what nobody looks after."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import UserRow
from app.support import agents


class UndoneError(Exception):
    """Has a transaction rolled back."""


@pytest.fixture
async def session(app: FastAPI) -> AsyncIterator[AsyncSession]:
    """A transaction in which nobody works for the platform, and which leaves nothing behind."""
    with pytest.raises(UndoneError):
        async with app.state.database.transaction() as session:
            await session.execute(update(UserRow).where(UserRow.tenant_id.is_(None)).values(is_active=False))
            yield session
            raise UndoneError


def somebody(role: Role, **changes: Any) -> UserRow:
    stored: dict[str, Any] = {
        "id": uuid7(),
        "email": f"{uuid7().hex}@platform.example",
        "name": "Pat",
        "password_hash": "nobody logs in with it",
        "role": role,
        "tenant_id": None,
        "is_active": True,
        "is_sandbox": False,
        "created_at": utcnow(),
        "updated_at": utcnow(),
        "areas": [],
        "email_verified_at": None,
    }
    return UserRow(**stored | changes)


class TestOnDuty:
    async def test_are_the_support_else_managers_else_superusers(self, session: AsyncSession) -> None:
        assert await agents.find_on_duty(session) == []
        for role in (Role.SUPERUSER, Role.PLATFORM_MANAGER, Role.PLATFORM_SUPPORT):
            person = somebody(role)
            session.add_all([person, somebody(role, is_active=False), somebody(Role.PLATFORM_SALES)])
            assert await agents.find_on_duty(session) == [person]

    async def test_are_so_many_at_most(self, session: AsyncSession) -> None:
        crowd = [somebody(Role.PLATFORM_SUPPORT) for _ in range(agents.MOST_TOLD + 5)]
        session.add_all(crowd)
        found = await agents.find_on_duty(session)
        assert {each.id for each in found} == {each.id for each in crowd[5:]}


class TestAgents:
    async def test_are_those_whose_role_answers(self, session: AsyncSession) -> None:
        people = {role: somebody(role) for role in Role if role.is_platform}
        session.add_all(people.values())
        await session.flush()
        answering = {each.role for each in await agents.find(session)}
        assert answering == {Role.SUPERUSER, Role.PLATFORM_MANAGER, Role.PLATFORM_SUPPORT}
        for role, person in people.items():
            assert (await agents.get(session, person.id) is not None) is (role in answering)
