"""Telling whoever listens to a business's events, in any process, that there are new ones. What they are they read."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.integrations.calls import call_at_commit
from app.tenancy.mode import Mode


def channel_of(tenant_id: UUID, mode: Mode) -> str:
    """Where the events of a business are told of."""
    return f"events:{tenant_id}:{mode}"


def spread(session: AsyncSession, tenant_id: UUID, mode: Mode) -> None:
    """Tell of what this transaction writes when (and only if) it commits."""
    call_at_commit(session, channel_of(tenant_id, mode))
