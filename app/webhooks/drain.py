"""Sending what is due: many deliveries at once, with no transaction open meanwhile."""

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.background import BackgroundWork
from app.core.clock import utcnow
from app.core.crypto import Keyring, UnsealError
from app.db.session import Database
from app.errors import Unavailable
from app.events.wakeups import DRAIN, run_later
from app.integrations.queue import JobQueue
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant
from app.webhooks import deliveries
from app.webhooks.deliveries import Attempt, Delivery
from app.webhooks.failing import attend
from app.webhooks.message import compose
from app.webhooks.places import MOST_PER_PROCESS, Room, may_begin, room_for
from app.webhooks.recording import record
from app.webhooks.transport import TIMEOUT_SECONDS, Outcome, WebhookTransport

_TRANSACTIONS = 8  # at once; the rest of the pool is for the jobs beside
_NO_ROOM_WAIT = timedelta(seconds=1)
_GATHERING_SECONDS = 0.005
_LONGEST = timedelta(seconds=TIMEOUT_SECONDS)
_COMPARED_EVERY = timedelta(seconds=1)
_PATIENCE = 5  # turns that the database may fail in a row
_UNREADABLE = "Our copy of the signing secret or of the headers cannot be read. Delete this endpoint and add it again."

_log = logging.getLogger(__name__)
_random = secrets.SystemRandom()


def _jitter() -> float:
    return _random.uniform(-1, 1)


@dataclass(slots=True)
class _Outbox:
    """What is under way of one tenant in one mode."""

    tenant: Tenant
    mode: Mode
    waiting: dict[UUID, deque[Delivery]] = field(default_factory=dict)
    """What is claimed and has no place yet, by endpoints, in the order in which they began to wait."""
    sending: dict[asyncio.Task[Attempt], Delivery] = field(default_factory=dict)
    places: Counter[UUID] = field(default_factory=Counter)
    """How many are being sent to each endpoint."""
    ended: list[Attempt] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Something ended, or something new may be due."""
    compared_at: datetime | None = None
    """When what waits was last compared with what its endpoints have become."""

    @property
    def claimed(self) -> Counter[UUID]:
        """How many are on the way to each endpoint, sent or not."""
        return self.places + Counter({each: len(waiting) for each, waiting in self.waiting.items()})

    def all_waiting(self) -> list[Delivery]:
        """What is claimed and not sent."""
        return [delivery for waiting in self.waiting.values() for delivery in waiting]

    def leave(self, given_up: Sequence[Delivery]) -> None:
        """Wait for these no more."""
        ids = {delivery.id for delivery in given_up}
        for endpoint_id in {delivery.endpoint_id for delivery in given_up}:
            still = deque(each for each in self.waiting.pop(endpoint_id, ()) if each.id not in ids)
            if still:
                self.waiting[endpoint_id] = still


class Dispatcher(BackgroundWork):
    """Drains outboxes; enter it once per process.

    Each outbox being drained has a task of its own. It records what has been sent, claims what is due as far as there
    is room for it, and looks again whenever a sending ends or `drain` is called. What is claimed begins as soon as
    there is a place for it. If the process dies, the leases run out and others send again, under the same `webhook-id`.
    """

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        keyring: Keyring,
        transport: WebhookTransport,
        *,
        places: int = MOST_PER_PROCESS,
        clock: Callable[[], datetime] = utcnow,
        jitter: Callable[[], float] = _jitter,
    ) -> None:
        super().__init__()
        self._database = database
        self._queue = queue
        self._keyring = keyring
        self._transport = transport
        self._places = places
        self._clock = clock
        self._jitter = jitter
        self._outboxes: dict[tuple[UUID, Mode], _Outbox] = {}
        self._sending = 0
        self._transactions = asyncio.Semaphore(_TRANSACTIONS)

    def drain(self, tenant: Tenant, mode: Mode) -> None:
        """See to it that what is due in this outbox is sent from now on. Returns before it is."""
        outbox = self._outboxes.get((tenant.id, mode))
        if outbox is None:
            outbox = self._outboxes[tenant.id, mode] = _Outbox(tenant, mode)
            self._start(self._drain(outbox), f"drain {tenant.slug} {mode}")
        outbox.news.set()

    async def _drain(self, outbox: _Outbox) -> None:
        next_look_at = None
        failures = 0
        try:
            while outbox.sending or outbox.waiting or outbox.news.is_set():
                await _wait(outbox, until=next_look_at, now=self._clock())
                if outbox.waiting:  # the places are busy meanwhile, and one turn records more
                    await asyncio.sleep(_GATHERING_SECONDS)
                try:
                    next_look_at = await self._turn(outbox)
                    failures = 0
                except (DBAPIError, OSError, Unavailable):
                    failures += 1
                    if failures > _PATIENCE:
                        raise
                    _log.warning("no turn for %s (%s)", outbox.tenant.slug, outbox.mode, exc_info=True)
                    await asyncio.sleep(failures)
                    outbox.news.set()
        finally:
            outbox.waiting.clear()
            for task in outbox.sending:
                task.cancel()
            del self._outboxes[outbox.tenant.id, outbox.mode]
        if next_look_at is not None:
            await run_later(self._queue, DRAIN, outbox.tenant.id, outbox.mode, next_look_at, now=self._clock())

    async def _turn(self, outbox: _Outbox) -> datetime | None:
        """Record what has ended and claim what is due, then begin to send it. Gives the next instant to look at."""
        ended = outbox.ended.copy()
        async with self._transactions, self._database.transaction(outbox.tenant.schema(outbox.mode)) as session:
            now = self._clock()
            if ended:
                trouble = await record(session, ended, now=now, jitter=self._jitter)
                if trouble:
                    tenant_id, mode = outbox.tenant.id, outbox.mode
                    await attend(session, self._keyring, trouble, tenant_id=tenant_id, mode=mode, now=now)
            given_up = await self._given_up(session, outbox, now=now)
            await deliveries.release(session, given_up, now=now)
            room = self._room_for(outbox)
            claimed = await deliveries.claim(session, room, now=now)
            may_be_more = len(claimed) >= min(room.most, room.most_per_endpoint) > 0
            next_due_at = now if may_be_more else await deliveries.next_due_at(session, after=now)
        del outbox.ended[: len(ended)]
        outbox.leave(given_up)
        gone = {attempt.delivery.endpoint_id for attempt in outbox.ended if attempt.is_refused_for_good}
        for delivery in claimed:
            if delivery.endpoint_id in gone:  # it has said so meanwhile: the leases run out, and by then it is disabled
                continue
            outbox.waiting.setdefault(delivery.endpoint_id, deque()).append(delivery)
        self._begin(outbox)
        if may_be_more:
            outbox.news.set()
        is_stuck = bool(outbox.waiting and not outbox.sending)  # others have taken the places meanwhile
        return next_due_at if room.most and not is_stuck else now + _NO_ROOM_WAIT

    async def _given_up(self, session: AsyncSession, outbox: _Outbox, *, now: datetime) -> Sequence[Delivery]:
        """What waits here for nothing: all if this process ends, else what is to be sent otherwise by now, or not."""
        waiting = outbox.all_waiting()
        if self._is_closing or not waiting:
            return waiting
        if outbox.compared_at is not None and now < outbox.compared_at + _COMPARED_EVERY:
            return ()
        outbox.compared_at = now
        return await deliveries.find_outdated(session, waiting)

    def _room_for(self, outbox: _Outbox) -> Room:
        if self._is_closing:
            return Room(0, 0, [])
        return room_for(outbox.claimed, beside=self._sending - len(outbox.sending), places=self._places)

    def _begin(self, outbox: _Outbox, *, most: int = MOST_PER_PROCESS) -> None:
        """Send what waits, as far as there are places and so many at most. What others will soon send is dropped."""
        ends_at = self._clock() + _LONGEST
        for endpoint_id in list(outbox.waiting):
            if most == 0:
                return
            waiting = outbox.waiting.pop(endpoint_id)
            while waiting and waiting[0].leased_until < ends_at:
                waiting.popleft()
            while waiting and most and self._may_begin(outbox, endpoint_id):
                self._send(outbox, waiting.popleft())
                most -= 1
            if waiting:
                outbox.waiting[endpoint_id] = waiting

    def _may_begin(self, outbox: _Outbox, endpoint_id: UUID) -> bool:
        there, in_all = outbox.places[endpoint_id], len(outbox.sending)
        return not self._is_closing and may_begin(there, in_all, beside=self._sending - in_all, places=self._places)

    def _send(self, outbox: _Outbox, delivery: Delivery) -> None:
        task = asyncio.create_task(self._attempt(delivery), name=f"send {delivery.event_id}")
        outbox.sending[task] = delivery
        outbox.places[delivery.endpoint_id] += 1
        self._sending += 1
        task.add_done_callback(partial(self._end, outbox))

    def _end(self, outbox: _Outbox, task: asyncio.Task[Attempt]) -> None:
        endpoint_id = outbox.sending.pop(task).endpoint_id
        self._sending -= 1
        outbox.places[endpoint_id] -= 1
        outbox.news.set()
        if task.cancelled():
            return
        attempt = task.result()
        outbox.ended.append(attempt)
        if attempt.is_refused_for_good:
            outbox.waiting.pop(endpoint_id, None)  # the leases run out, and by then it is disabled
        self._begin(outbox, most=1)

    async def _attempt(self, delivery: Delivery) -> Attempt:
        started_at = self._clock()
        try:
            message = compose(self._keyring, delivery, now=started_at)
        except UnsealError:
            return Attempt(delivery, started_at, Outcome(None, _UNREADABLE, "", 0, None))
        try:
            outcome = await self._transport.send(delivery.url, message.headers, message.body)
        except Exception as error:  # noqa: BLE001 — an attempt that is not recorded would be made for ever
            _log.exception("sending to %s failed unexpectedly", delivery.endpoint_id)
            outcome = Outcome(None, f"Sending failed unexpectedly: {type(error).__name__}.", "", 0, None)
        return Attempt(delivery, started_at, outcome, message.shown)


async def _wait(outbox: _Outbox, *, until: datetime | None, now: datetime) -> None:
    """Wait for news, or for that instant."""
    with suppress(TimeoutError):
        async with asyncio.timeout(None if until is None else (until - now).total_seconds()):
            await outbox.news.wait()
    outbox.news.clear()
