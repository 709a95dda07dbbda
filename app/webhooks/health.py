"""How a business's webhooks fare: per endpoint over the last day, and what has waited longest."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.tenant import WebhookDeliveryRow, WebhookEndpointRow
from app.webhooks import deliveries
from app.webhooks.endpoints import MOST_ENDPOINTS

WINDOW = timedelta(days=1)
MOST_LOOKED_AT = 1000
"""Deliveries of one endpoint, the latest: a busy one's rate is that of less than a day."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """An endpoint, by its host alone, because the rest of an address may hold a secret.

    Of the last day's deliveries: how many were attempted, how many of these have succeeded, and how many wait.
    """

    id: UUID
    host: str
    is_enabled: bool
    disabled_reason: str | None
    attempted: int
    succeeded: int
    waiting: int

    @property
    def success_rate(self) -> float | None:
        """The part of what was attempted that has succeeded; None if nothing was."""
        return self.succeeded / self.attempted if self.attempted else None


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """All endpoints in one mode, and since when the oldest delivery that is due has waited."""

    endpoints: list[EndpointHealth]
    waiting_since: datetime | None


async def examine(session: AsyncSession, *, now: datetime) -> WebhookHealth:
    """The health of the webhooks in the session's schema."""
    row, endpoint = WebhookDeliveryRow, WebhookEndpointRow
    latest = (
        select(row.status, row.attempts, row.created_at)
        .where(row.endpoint_id == endpoint.id)
        .order_by(row.id.desc())
        .limit(MOST_LOOKED_AT)
        .lateral("latest")
    )
    is_recent = latest.c.created_at > now - WINDOW
    query = (
        select(
            endpoint.id,
            endpoint.url,
            endpoint.is_enabled,
            endpoint.disabled_reason,
            func.count().filter(is_recent, latest.c.attempts > 0),
            func.count().filter(is_recent, latest.c.status == "succeeded"),
            func.count().filter(is_recent, latest.c.status == "pending"),
        )
        .outerjoin(latest, true())
        .group_by(endpoint.id)
        .order_by(endpoint.id)
        .limit(MOST_ENDPOINTS)
    )
    found = [
        EndpointHealth(endpoint_id, urlsplit(url).hostname or url, *rest)
        for endpoint_id, url, *rest in await session.execute(query)
    ]
    due_at = await deliveries.next_due_at(session, after=_EVER)
    return WebhookHealth(found, due_at if due_at is not None and due_at <= now else None)
