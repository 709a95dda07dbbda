"""What came of attempts, written down in one statement: the attempts, their deliveries, how the endpoints fare."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    Text,
    any_,
    bindparam,
    case,
    column,
    func,
    insert,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.tenant import WebhookAttemptRow, WebhookDeliveryRow, WebhookEndpointRow
from app.webhooks.deliveries import Attempt
from app.webhooks.retries import next_attempt

WARNED_AFTER = timedelta(days=3)
"""How long an endpoint may fail before somebody hears of it."""

_INSTANT = DateTime(timezone=True)
_GIVEN = (
    func.jsonb_to_recordset(bindparam("ended", type_=JSONB))
    .table_valued(
        column("delivery_id", BigInteger),
        column("attempts_before", Integer),
        column("counts", Boolean),
        column("succeeded", Boolean),
        column("status", Text),
        column("next_attempt_at", _INSTANT),
        column("started_at", _INSTANT),
        column("duration_ms", Integer),
        column("request_headers", JSONB),
        column("response_status", Integer),
        column("response_headers", JSONB),
        column("response_excerpt", Text),
        column("error", Text),
        name="given",
    )
    .render_derived("given", with_types=True)
)
_ENDED = select(*_GIVEN.c).cte("ended")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Endpoints that said they are gone, and those that failed just now as they have for days."""

    gone: set[UUID]
    failing: set[UUID]

    def __bool__(self) -> bool:
        return bool(self.gone or self.failing)


async def record(
    session: AsyncSession, attempts: Sequence[Attempt], *, now: datetime, jitter: Callable[[], float]
) -> Trouble:
    """Write down what came of attempts, when to try again what failed, and since when endpoints have been failing.

    Gives the endpoints that are in trouble. Of two attempts at the same delivery (the lease of the first had run out)
    the one recorded first counts. What was deleted meanwhile is left out.
    """
    seen: set[int] = set()
    ended = []
    for attempt in attempts:
        counts = attempt.delivery.id not in seen
        seen.add(attempt.delivery.id)
        ended.append(_recorded(attempt, counts=counts, now=now, jitter=jitter()))
    gone = {attempt.delivery.endpoint_id for attempt in attempts if attempt.is_refused_for_good}
    failing = await session.scalars(_RECORDING, {"ended": ended, "ids": list(seen), "long_ago": now - WARNED_AFTER})
    return Trouble(gone, set(failing))


def _recorded(attempt: Attempt, *, counts: bool, now: datetime, jitter: float) -> dict[str, Any]:
    delivery, outcome = attempt.delivery, attempt.outcome
    again_at = None
    if not outcome.succeeded and not attempt.is_refused_for_good:
        made = delivery.attempts + 1 - delivery.schedule_began_after
        again_at = next_attempt(made, now, jitter, outcome.retry_after)
    return {
        "delivery_id": delivery.id,
        "attempts_before": delivery.attempts,
        "counts": counts,
        "succeeded": outcome.succeeded,
        "status": "succeeded" if outcome.succeeded else "pending" if again_at else "failed",
        "next_attempt_at": again_at,
        "started_at": attempt.started_at,
        "duration_ms": outcome.duration_ms,
        "request_headers": attempt.request_headers,
        "response_status": outcome.status,
        "response_headers": outcome.response_headers,
        "response_excerpt": outcome.response_excerpt,
        "error": outcome.error,
    }


def _recording() -> Any:
    """Deliveries are locked in order and before endpoints, as by whoever deletes an endpoint."""
    delivery, ended = WebhookDeliveryRow, _ENDED.c
    held = (
        select(delivery.id, delivery.attempts, delivery.status, delivery.endpoint_id)
        .where(delivery.id == any_(bindparam("ids", type_=ARRAY(BigInteger()))))
        .order_by(delivery.id)
        .with_for_update()
        .cte("held")
    )
    answered = ("duration_ms", "response_status", "response_excerpt", "error")
    kept = ("started_at", "request_headers", "response_headers", *answered)
    written = insert(WebhookAttemptRow).from_select(
        ["delivery_id", *kept],
        select(held.c.id, *(ended[name] for name in kept)).join_from(held, _ENDED, ended.delivery_id == held.c.id),
    )
    recorded = (
        update(delivery)
        .where(
            delivery.id == held.c.id,
            ended.delivery_id == held.c.id,
            ended.counts,
            ended.attempts_before == held.c.attempts,
            held.c.status == "pending",
        )
        .values(
            status=ended.status,
            attempts=ended.attempts_before + 1,
            next_attempt_at=ended.next_attempt_at,
            last_attempt_at=ended.started_at,
            **{name: ended[name] for name in answered},
        )
    )
    verdict = _verdict(held)
    ctes = (written.cte("written"), recorded.cte("recorded"), _faring(verdict))
    endpoint = WebhookEndpointRow
    failing = select(endpoint.id).join(verdict, verdict.c.endpoint_id == endpoint.id)
    return failing.where(~verdict.c.succeeded, endpoint.failing_since <= bindparam("long_ago")).add_cte(*ctes)


def _verdict(held: CTE) -> CTE:
    """What each endpoint's attempts say of it."""
    return (
        select(
            held.c.endpoint_id,
            func.bool_or(_ENDED.c.succeeded).label("succeeded"),
            func.min(_ENDED.c.started_at).label("since"),
        )
        .join_from(held, _ENDED, _ENDED.c.delivery_id == held.c.id)
        .group_by(held.c.endpoint_id)
        .cte("verdict")
    )


def _faring(verdict: CTE) -> CTE:
    """An endpoint's row is written when it begins to fail and when it no longer does, not at each attempt."""
    endpoint = WebhookEndpointRow
    turned = (
        select(endpoint.id, verdict.c.succeeded, verdict.c.since)
        .join(verdict, verdict.c.endpoint_id == endpoint.id)
        .where(endpoint.failing_since.is_not(None) == verdict.c.succeeded)
        .order_by(endpoint.id)
        .with_for_update(of=endpoint, key_share=True)
        .cte("turned")
    )
    return (
        update(endpoint)
        .where(endpoint.id == turned.c.id)
        .values(failing_since=case((turned.c.succeeded, null()), else_=turned.c.since), warned_at=None)
        .cte("faring")
    )


_RECORDING = _recording()
