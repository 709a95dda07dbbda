"""Going round all tenants once a minute for what nobody was woken for, and for what time alone brings about."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from arq.cron import CronJob, cron
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import masquerade, one_time_codes, session_list, throttle
from app.core.clock import utcnow
from app.db.engine import make_engine
from app.db.session import Database
from app.domains import checking, names
from app.events.wakeups import REPLAY, OutboxWakeups, run_now, wake
from app.idempotency import keys
from app.media import cleaning
from app.notifications import mailing
from app.runtime import Runtime
from app.scheduling.context import SchedulingContext
from app.scheduling.expiry import expire_due
from app.scheduling.waitlist import entries, offers
from app.subscriptions import tiers as subscription_tiers
from app.subscriptions.limits import booking_quota, history_since
from app.subscriptions.tiers import Tiers
from app.tenancy.hosts import find_all
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.tickets import tending
from app.webhooks import deliveries, history, replays
from app.workers.jobs import WorkerState

SWEEP = "sweeper"

_TIMEOUT_SECONDS = 55  # so that no two rounds run at once
_BATCH = 200
_MOST_EXPIRED = 100  # of one schema in one round
_MOST_MAILED = 200  # users in one round
_MOST_TOLD = 20  # tickets, which nobody can change meanwhile
_MOST_FORGOTTEN = 500  # likewise
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Visit:
    database: Database
    tenant: Tenant
    mode: Mode
    tiers: Tiers


async def sweep(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    """Visit both schemas of every tenant that is served.

    It begins anywhere, so that nobody is always last if a round runs out of time. Each batch has a connection of its
    own, because a connection remembers the catalogue of every schema it has seen.
    """
    worker: WorkerState = ctx["worker"]
    runtime, now = worker.runtime, utcnow()
    await _sweep_public(runtime.database, now)
    await _mail_notifications(runtime, now)
    async with runtime.database.transaction() as session:
        tenants = [tenant for tenant in await find_all(session) if not (tenant.is_suspended or tenant.has_ended(now))]
        tiers = await subscription_tiers.find_all(session)
        to_check = await checking.find_due(session, now=now)
    for tenant_id in to_check:
        await run_now(runtime.queue, names.CHECK, tenant_id, Mode.LIVE)
    start = secrets.randbelow(len(tenants) + 1)
    outboxes = list(product(tenants[start:] + tenants[:start], Mode))
    for first in range(0, len(outboxes), _BATCH):
        engine = make_engine(runtime.settings.database_url, pool_size=1)
        database = Database(engine, listeners=[runtime.audit_trail, OutboxWakeups(runtime.queue)])
        try:
            for tenant, mode in outboxes[first : first + _BATCH]:
                await _visit(_Visit(database, tenant, mode, tiers))
        finally:
            await database.close()


async def _sweep_public(database: Database, now: datetime) -> None:
    """What time ends in the shared tables: masquerades, codes, what throttles remember, sessions and answers of old."""
    for room in (masquerade, one_time_codes, throttle, session_list, keys):
        try:
            async with database.transaction() as session:
                await room.sweep(session, now=now)
        except Exception:  # noqa: BLE001 — as below
            _log.exception("sweeping %s failed", room.__name__)


async def _mail_notifications(runtime: Runtime, now: datetime) -> None:
    try:
        async with runtime.database.transaction() as session:
            await mailing.send_due(session, runtime.keyring, now=now, most=_MOST_MAILED)
    except Exception:  # noqa: BLE001 — as below
        _log.exception("mailing notifications failed")


async def _visit(visit: _Visit) -> None:
    for errand in (_expire, _offer, _close_tickets, _tell_overdue, _forget, _forget_replays, _forget_answers, _wake):
        try:
            async with visit.database.transaction(visit.tenant.schema(visit.mode)) as session:
                await errand(session, visit)
        except Exception:  # noqa: BLE001 — whatever ails one tenant, the round goes on to the others
            _log.exception("%s failed for %s (%s)", errand.__name__, visit.tenant.slug, visit.mode)


def _context(visit: _Visit) -> SchedulingContext:
    """The occasion of what is done for a business, within what its subscription covers."""
    now = utcnow()
    quota = booking_quota(visit.tenant, visit.tiers, now=now) if visit.mode is Mode.LIVE else None
    return SchedulingContext(visit.tenant, visit.mode, source="system", now=now, recorded_at=now, quota=quota)


async def _expire(session: AsyncSession, visit: _Visit) -> None:
    await expire_due(session, _context(visit), limit=_MOST_EXPIRED)


async def _offer(session: AsyncSession, visit: _Visit) -> None:
    """What hours, blocks and services that have changed leave free; what a booking leaves is offered with it."""
    context = _context(visit)
    await entries.expire_waiting(session, context, limit=_MOST_EXPIRED)
    await offers.offer_all(session, context)


async def _close_tickets(session: AsyncSession, _visit: _Visit) -> None:
    await tending.close_resolved(session, now=utcnow(), most=_MOST_EXPIRED)


async def _tell_overdue(session: AsyncSession, visit: _Visit) -> None:
    await tending.tell_overdue(session, visit.tenant, visit.mode, now=utcnow(), most=_MOST_TOLD)


async def _forget(session: AsyncSession, visit: _Visit) -> None:
    now = utcnow()
    await history.forget(session, before=history_since(visit.tenant, visit.tiers, now=now), most=_MOST_FORGOTTEN)


async def _forget_replays(session: AsyncSession, visit: _Visit) -> None:
    now = utcnow()
    since = history_since(visit.tenant, visit.tiers, now=now)
    await history.forget_replays(session, before=since, most=_MOST_FORGOTTEN)


async def _forget_answers(session: AsyncSession, _visit: _Visit) -> None:
    await keys.sweep(session, now=utcnow())


async def _wake(session: AsyncSession, visit: _Visit) -> None:
    if await deliveries.is_any_due(session, now=utcnow()):
        wake(session, visit.tenant.schema(visit.mode))
    if await replays.is_any_running(session):
        wake(session, visit.tenant.schema(visit.mode), REPLAY)
    if await cleaning.is_any_due(session, now=utcnow()):
        wake(session, visit.tenant.schema(visit.mode), cleaning.CLEAN)


def every_minute() -> CronJob:
    """The sweep as arq's cron job: all workers enqueue it under one id for each minute, so that one of them runs it."""
    return cron(sweep, name=SWEEP, second=0, timeout=_TIMEOUT_SECONDS, unique=True)
