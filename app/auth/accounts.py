"""The users behind log-ins, found as a host knows them, and held against changes elsewhere."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.public import UserRow
from app.tenancy.hosts import Host


def belongs_to(host: Host) -> ColumnElement[bool]:
    """Who can log in at this host. Nobody logs in as a user of the sandbox."""
    tenant_id = host.tenant.id if host.tenant else None
    return and_(UserRow.tenant_id == tenant_id, UserRow.is_sandbox.is_(False))


async def get(session: AsyncSession, host: Host, email: str) -> UserRow | None:
    """The user of this host with that e-mail address, deactivated ones too."""
    query = select(UserRow).where(UserRow.email == email.lower(), belongs_to(host))
    return (await session.scalars(query)).one_or_none()


async def hold(session: AsyncSession, user_id: UUID | None) -> UserRow | None:
    """An active user as they are now, locked until the commit: whoever changes their ways to log in waits."""
    query = select(UserRow).where(UserRow.id == user_id, UserRow.is_active).with_for_update(key_share=True)
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
