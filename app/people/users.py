"""The people who can log in: made, found, locked."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.passwords import check_password, hash_password
from app.auth.permissions import Area
from app.auth.roles import Role
from app.core.ids import uuid7
from app.db.conditions import caseless
from app.db.pages import Orders
from app.models.public import UserRow
from app.people.ranks import keeper_of

DEFAULT_AREAS = (Area.APPOINTMENTS, Area.CUSTOMERS)
"""What a member of staff is given where nobody says otherwise."""
ORDERS: Orders = {
    "name": caseless(UserRow.name),
    "email": UserRow.email,
    "created_at": UserRow.created_at,
    "updated_at": UserRow.updated_at,
}
"""What lists of people can be sorted by."""


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
    password_hash = await hash_password(check_password(password, email=email))
    user = await add(
        session, email=email, name=name, password_hash=password_hash, role=role, tenant_id=tenant_id, now=now
    )
    record(
        session,
        AuditEvent.USER_CREATED,
        tenant_id=tenant_id,
        about=Subject("user", user.id),
        diff=changed({}, {"role": role, "areas": user.areas, "is_sandbox": user.is_sandbox}),
    )
    return user


async def add(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    password_hash: str,
    role: Role,
    tenant_id: UUID | None,
    now: datetime,
    areas: Iterable[str] = DEFAULT_AREAS,
    is_verified: bool = False,
) -> UserRow:
    """Make a user of a password that is hashed already. Raises EmailTaken (from the database)."""
    user = UserRow(
        id=uuid7(),
        email=email.lower(),
        name=name,
        password_hash=password_hash,
        role=role,
        tenant_id=tenant_id,
        is_active=True,
        is_sandbox=False,
        created_at=now,
        updated_at=now,
        areas=list(areas),
        email_verified_at=now if is_verified else None,
    )
    session.add(user)
    await session.flush()
    return user


async def get_by_email(session: AsyncSession, tenant_id: UUID | None, email: str) -> UserRow | None:
    """Whoever has this address at the business or (without one) at the platform, deactivated or not."""
    query = select(UserRow).where(
        UserRow.tenant_id == tenant_id, UserRow.email == email.lower(), UserRow.is_sandbox.is_(False)
    )
    return (await session.scalars(query)).one_or_none()


async def lock(session: AsyncSession, user_id: UUID) -> UserRow | None:
    """The user as they are once nobody else is changing them. The caller alone may change them from here on."""
    query = select(UserRow).where(UserRow.id == user_id).with_for_update(key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def lock_with_keepers(session: AsyncSession, tenant_id: UUID | None, *user_ids: UUID) -> dict[UUID, UserRow]:
    """These people, and all without whom the place would be left alone: its owners, or the platform's superusers.

    Whoever else wants to change one of them waits, so that no two changes together can do what neither alone may.
    """
    keepers = and_(UserRow.role == keeper_of(platform=tenant_id is None), UserRow.is_active)
    query = (
        select(UserRow)
        .where(
            UserRow.tenant_id == tenant_id,
            UserRow.is_sandbox.is_(False),
            or_(UserRow.id.in_(user_ids), keepers),
        )
        .order_by(UserRow.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {user.id: user for user in await session.scalars(query)}
