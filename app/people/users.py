"""Making the people who can log in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.passwords import check_password, hash_password
from app.auth.roles import Role
from app.core.ids import uuid7
from app.models.public import UserRow


async def create_user(
    session: AsyncSession, *, email: str, name: str, password: str, role: Role, tenant_id: UUID | None, now: datetime
) -> UserRow:
    """Make a user: of the platform without a tenant, of that business with one.

    Raises ValueError for a role that does not fit the tenant or an unfit password, EmailTaken (from the database).
    """
    if role.is_platform and tenant_id is not None:
        raise ValueError(f"Users with role {role} must not be assigned to a tenant")
    if not role.is_platform and tenant_id is None:
        raise ValueError(f"Users with role {role} must be assigned to a tenant")
    user = UserRow(
        id=uuid7(),
        email=email.lower(),
        name=name,
        password_hash=await hash_password(check_password(password, email=email)),
        role=role,
        tenant_id=tenant_id,
        is_active=True,
        is_sandbox=False,
        created_at=now,
        updated_at=now,
    )
    session.add(user)
    await session.flush()
    return user
