"""Permissions that one user lends another for a while: which of them count now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.auth.permissions import GRANTABLE, Permission, permissions_of
from app.auth.roles import Role
from app.models.public import PermissionGrantRow, UserRow

BORROWERS = frozenset(Role) - {Role.TENANT_OWNER, Role.CUSTOMER}
"""Who can be lent anything: whoever works there and does not have everything already."""

_GranteeRow = aliased(UserRow)


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission that a user has for now, and from whom."""

    id: UUID
    permission: Permission
    grantor_id: UUID
    expires_at: datetime


def is_active(row: PermissionGrantRow, *, now: datetime) -> bool:
    """Whether the grant has been neither revoked nor outlived."""
    return row.revoked_at is None and now < row.expires_at


def lendable_by(user: UserRow) -> frozenset[Permission]:
    """What the user can lend: what their own role and areas have, short of the power to hand out power."""
    return permissions_of(Role(user.role), user.areas) & GRANTABLE if user.is_active else frozenset()


def stands(row: PermissionGrantRow, grantor: UserRow, grantee: UserRow, *, now: datetime) -> bool:
    """Whether the grant counts: while it is active, and its grantor's own role and areas have what it lends."""
    fits = grantee.is_active and Role(grantee.role) in BORROWERS
    return is_active(row, now=now) and fits and row.permission in lendable_by(grantor)


async def active_for(session: AsyncSession, user_id: UUID, *, now: datetime) -> Sequence[Grant]:
    """The grants that count for this user now, the one that ends last being the last."""
    query = (
        select(PermissionGrantRow, UserRow, _GranteeRow)
        .join(UserRow, UserRow.id == PermissionGrantRow.grantor_id)
        .join(_GranteeRow, _GranteeRow.id == PermissionGrantRow.grantee_id)
        .where(
            PermissionGrantRow.grantee_id == user_id,
            PermissionGrantRow.revoked_at.is_(None),
            PermissionGrantRow.expires_at > now,
        )
        .order_by(PermissionGrantRow.expires_at, PermissionGrantRow.id)
    )
    return [
        Grant(row.id, Permission(row.permission), row.grantor_id, row.expires_at)
        for row, grantor, grantee in await session.execute(query)
        if stands(row, grantor, grantee, now=now)
    ]
