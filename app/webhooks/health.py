"""How a business's webhooks fare: per endpoint over the last day, and what has waited longest."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.tenant import WebhookDeliveryRow, WebhookEndpointRow
from app.webhooks import deliveries, endpoints
from app.webhooks.endpoints import MOST_ENDPOINTS, SWITCHED_OFF

WINDOW = timedelta(days=1)
MOST_LOOKED_AT = 1000
"""Deliveries of one endpoint, the latest: a busy one's rate is that of less than a day."""

_FAILS = "The endpoint takes no events."
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
    failing_since: datetime | None
    p50_ms: int | None
    p95_ms: int | None
    """How long the latest attempts took that were answered; None without any."""

    @property
    def latency_ms(self) -> dict[str, int] | None:
        """The two of them together."""
        return None if self.p50_ms is None or self.p95_ms is None else {"p50": self.p50_ms, "p95": self.p95_ms}

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
    found = [_health(row) for row in await session.execute(_faring(now).limit(MOST_ENDPOINTS))]
    due_at = await deliveries.next_due_at(session, after=_EVER)
    return WebhookHealth(found, due_at if due_at is not None and due_at <= now else None)


async def of(session: AsyncSession, endpoint_id: UUID, *, now: datetime) -> EndpointHealth:
    """The health of one endpoint. Raises WebhookEndpointNotFound."""
    await endpoints.require(session, endpoint_id)
    query = _faring(now).where(WebhookEndpointRow.id == endpoint_id)
    return _health((await session.execute(query)).one())


async def find_troubled(session: AsyncSession) -> list[tuple[str, str, datetime]]:
    """The endpoints in the session's schema that fail or were disabled for that: host, what is wrong, since when."""
    row = WebhookEndpointRow
    is_troubled = or_(row.disabled_reason != SWITCHED_OFF, row.failing_since.is_not(None) & row.is_enabled)
    query = select(row.url, row.disabled_reason, row.failing_since, row.updated_at).where(is_troubled)
    return [
        (urlsplit(url).hostname or url, reason or _FAILS, updated_at if reason else failing_since or updated_at)
        for url, reason, failing_since, updated_at in await session.execute(
            query.order_by(row.id).limit(MOST_ENDPOINTS)
        )
    ]


def _faring(now: datetime) -> Select[Any]:
    row, endpoint = WebhookDeliveryRow, WebhookEndpointRow
    latest = (
        select(row.status, row.attempts, row.created_at, row.duration_ms, row.response_status)
        .where(row.endpoint_id == endpoint.id)
        .order_by(row.created_at.desc(), row.id.desc())
        .limit(MOST_LOOKED_AT)
        .lateral("latest")
    )
    is_recent = latest.c.created_at > now - WINDOW
    answered = (is_recent, latest.c.response_status.is_not(None))
    took = [func.percentile_disc(part).within_group(latest.c.duration_ms).filter(*answered) for part in (0.5, 0.95)]
    return (
        select(
            endpoint.id,
            endpoint.url,
            endpoint.is_enabled,
            endpoint.disabled_reason,
            func.count().filter(is_recent, latest.c.attempts > 0),
            func.count().filter(is_recent, latest.c.status == "succeeded"),
            func.count().filter(is_recent, latest.c.status == "pending"),
            endpoint.failing_since,
            *took,
        )
        .outerjoin(latest, true())
        .group_by(endpoint.id)
        .order_by(endpoint.id)
    )


def _health(row: Row[Any]) -> EndpointHealth:
    endpoint_id, url, *rest = row
    return EndpointHealth(endpoint_id, urlsplit(url).hostname or url, *rest)
