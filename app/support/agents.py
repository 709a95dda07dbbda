"""The platform's people who answer tickets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission, permissions_of
from app.auth.roles import Role
from app.models.public import UserRow

MOST_TOLD = 20
"""Of those who are told of a ticket that nobody looks after, the latest to join."""

_ROLES = [role for role in Role if Permission.SUPPORT_DESK_WRITE in permissions_of(role)]
_TOLD = (Role.PLATFORM_SUPPORT, Role.PLATFORM_MANAGER, Role.SUPERUSER)
"""Whose business it is to answer, the first of these that there is anybody of."""


def is_agent() -> ColumnElement[bool]:
    """Holds of users whose role answers tickets, and who can log in."""
    return and_(UserRow.tenant_id.is_(None), UserRow.role.in_(_ROLES), UserRow.is_active, UserRow.is_sandbox.is_(False))


async def get(session: AsyncSession, user_id: UUID) -> UserRow | None:
    """Somebody who answers tickets."""
    return (await session.scalars(select(UserRow).where(is_agent(), UserRow.id == user_id))).one_or_none()


async def find(session: AsyncSession) -> Sequence[UserRow]:
    """All who answer tickets, by their names."""
    return (await session.scalars(select(UserRow).where(is_agent()).order_by(UserRow.name, UserRow.id))).all()


async def find_on_duty(session: AsyncSession) -> Sequence[UserRow]:
    """Who is told of what nobody looks after: the support, without one the managers, else the superusers."""
    for role in _TOLD:
        query = select(UserRow).where(is_agent(), UserRow.role == role).order_by(UserRow.id.desc()).limit(MOST_TOLD)
        if found := (await session.scalars(query)).all():
            return found
    return []
