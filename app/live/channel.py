"""The events of one business in one mode, read once for all the sockets of this process that listen to them."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from app.core.clock import utcnow
from app.db.session import Database
from app.errors import Problem, Unavailable
from app.events.news import channel_of
from app.events.tail import MOST, Tail, latest, read_between
from app.integrations.broadcast import Broadcast
from app.live.envelope import Place
from app.live.messages import Message, View
from app.live.reading import prepare
from app.live.subscriber import Subscriber
from app.live.topics import NOTIFICATIONS, OWN_TICKET
from app.tenancy.tenant import Tenant

MOST_KEPT = 500
"""Messages that are at hand for those who come back soon."""
MOST_REPLAYED = 1000
"""Events that are told to somebody who comes back; whoever has missed more reads everything anew."""

_LOOK_SECONDS = 10.0  # should a call have been lost
_RETRY_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Channel:
    """Tells whoever has attached of each event that concerns them, in the order in which events are found."""

    def __init__(
        self,
        place: Place,
        tenant: Tenant,
        database: Database,
        broadcast: Broadcast,
        before_telling: Callable[[Iterable[Subscriber]], Awaitable[None]],
    ) -> None:
        self.place = place
        self.subscribers: set[Subscriber] = set()
        self.users = 0
        """How many have attached, or are about to."""
        self._tenant = tenant
        self._database = database
        self._broadcast = broadcast
        self._before_telling = before_telling
        self._tail = Tail(0)
        self._kept: deque[Message] = deque()
        self._floor = 0
        self._begun = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"live {tenant.slug} {place.mode}")

    @property
    def resume_after(self) -> int:
        """The number with which whoever has heard all of it up to now can resume."""
        return self._tail.resume_after

    async def attach(self, listener: Subscriber, after: int | None) -> None:
        """Have somebody hear of what comes from now on, and before it of what has come after that number.

        They are told to `resync` if that is more than is told again, or not all there any more. Raises Unavailable.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._begun.wait()
        if not self._begun.is_set():
            raise Unavailable
        listener.hold()
        self.subscribers.add(listener)
        tail = self._tail  # which is replaced with each reading, not changed
        missed = [] if after is None else await self._missed(tail, after)
        start = tail.resume_after if after is None or missed is None else min(after, tail.resume_after)
        said = [self.place.message("ready", resume_after=start, data={"topics": sorted(listener.topics)})]
        if missed is None:
            topics = sorted(listener.topics.keys() - {NOTIFICATIONS})
            said.append(self.place.message("resync", resume_after=start, data={"topics": topics}))
        for message in missed or ():
            said += self._texts(message, listener, min(message.seq, tail.resume_after))
        listener.release(said)

    def detach(self, listener: Subscriber) -> None:
        """Tell them nothing more."""
        self.subscribers.discard(listener)

    async def close(self) -> None:
        """Read no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _missed(self, tail: Tail, after: int) -> list[Message] | None:
        if self._floor <= after <= tail.top:
            return sorted((each for each in self._kept if each.seq > after), key=lambda each: each.seq)
        async with self._database.transaction(self._tenant.schema(self.place.mode)) as session:
            if after > tail.top:  # another process was ahead of this one, or they are numbers of another time
                return [] if after <= await latest(session) else None
            found = await read_between(session, after, tail, most=MOST_REPLAYED)
            return None if found is None else await prepare(session, found)

    async def _run(self) -> None:
        with self._broadcast.listening(channel_of(self._tenant.id, self.place.mode)) as called:
            while True:
                try:
                    is_all = await self._look()
                except Problem:
                    _log.warning("cannot read the events of %s", self._tenant.slug, exc_info=True)
                    await asyncio.sleep(_RETRY_SECONDS)
                except Exception:  # noqa: BLE001 — whatever it is, what comes next is to be told
                    _log.exception("the events of %s cannot be told", self._tenant.slug)
                    await asyncio.sleep(_RETRY_SECONDS)
                else:
                    if is_all:
                        await _wait_for(called)

    async def _look(self) -> bool:
        """Tell of what there is by now; whether that was all."""
        now = utcnow()
        async with self._database.transaction(self._tenant.schema(self.place.mode)) as session:
            if not self._begun.is_set():
                self._tail = await Tail.begin(session, now=now)
                self._floor = self._tail.top
                self._begun.set()
            tail = Tail(self._tail.top, dict(self._tail.missing))
            messages = await prepare(session, await tail.read(session, now=now))
        if messages:
            await self._before_telling(self.subscribers)
        self._tail = tail
        listeners = tuple(self.subscribers)
        for message in messages:
            self._keep(message)
        for message in messages:
            self._tell(message, listeners)
            await asyncio.sleep(0)  # others have their turn
        return len(messages) < MOST

    def _keep(self, message: Message) -> None:
        self._kept.append(message)
        if len(self._kept) > MOST_KEPT:
            self._floor = max(self._floor, self._kept.popleft().seq)

    def _tell(self, message: Message, listeners: Iterable[Subscriber]) -> None:
        resume_after = min(message.seq, self._tail.resume_after)
        texts: dict[View, str] = {}
        for listener in listeners:
            for view in message.views(listener.principal, listener.topics):
                if view not in texts:
                    texts[view] = message.text(self.place, view, resume_after)
                listener.tell(texts[view])
        if message.family == "ticket" and message.concern is not None:
            topic = f"{OWN_TICKET}{message.event.subject_id}"
            for listener in listeners:
                if topic in listener.topics and not message.concern.includes(listener.principal):
                    listener.drop(topic)
                    listener.say("unsubscribed", data={"topics": sorted(listener.topics), "left": [topic]})

    def _texts(self, message: Message, listener: Subscriber, resume_after: int) -> list[str]:
        views = message.views(listener.principal, listener.topics)
        return [message.text(self.place, view, resume_after) for view in views]


async def _wait_for(called: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_SECONDS):
            await called.wait()
    called.clear()
