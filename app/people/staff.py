"""The people who work at a business."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.roles import Role
from app.models.public import UserRow
from app.tenancy.tenant import Tenant

_STAFF = (Role.TENANT_OWNER, Role.TENANT_MANAGER, Role.TENANT_STAFF)


async def is_active(session: AsyncSession, tenant: Tenant, user_id: UUID) -> bool:
    """Whether this is somebody who works at this business and can log in."""
    query = select(UserRow.id).where(
        UserRow.id == user_id, UserRow.tenant_id == tenant.id, UserRow.is_active, UserRow.role.in_(_STAFF)
    )
    return (await session.scalars(query)).one_or_none() is not None
