"""Whether the database is what this build expects."""

from sqlalchemy import exists, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.errors import Unavailable
from app.models.public import TenantSchemaRow
from app.tenancy.revisions import head_revision

_PUBLIC_REVISION = text("SELECT version_num FROM public.alembic_version")


async def migrations_at_head(database: Database) -> bool | None:
    """Whether every schema is at the head of its chain; None if the database does not answer."""
    try:
        async with database.transaction() as session:
            return await _is_at_head(session)
    except (DBAPIError, Unavailable, OSError):
        return None


async def _is_at_head(session: AsyncSession) -> bool:
    migrated = await session.scalar(select(text("to_regclass('public.alembic_version')::text")))
    if migrated is None or await session.scalar(_PUBLIC_REVISION) != head_revision("public"):
        return False
    behind = exists().where(TenantSchemaRow.revision != head_revision("tenant"))
    return not await session.scalar(select(behind))
