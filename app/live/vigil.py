"""Watching over those who listen: that they are still who they were, may still hear it, and look at the same data."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.auth.directory import PrincipalDirectory
from app.auth.loading import Loaded
from app.auth.permissions import Permission
from app.auth.tags import mode_tag
from app.core.clock import utcnow
from app.core.watchers import Watchers
from app.db.session import Database
from app.errors import Problem, TicketNotFound, Unauthenticated, Unavailable
from app.live.closing import CloseCode
from app.live.subscriber import Subscriber
from app.live.topics import require, ticket_of
from app.tenancy.hosts import HostDirectory
from app.tenancy.mode import Mode
from app.tickets import desk

_RETRY_SECONDS = 1.0
_LONGEST_SECONDS = 3600.0
_AT_ONCE = 4
"""Sessions that are looked up at the same time: after a lost connection it is everybody's turn."""


@dataclass(slots=True)
class _Watch:
    ends: list[Callable[[], None]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    is_due: bool = False

    def stop(self) -> None:
        """Watch no more."""
        ends, self.ends = self.ends, []
        for each in ends:
            each()
        if self.timer is not None:
            self.timer.cancel()


class Vigil:
    """Ends a socket as soon as its session, its permission or its mode does."""

    def __init__(
        self, database: Database, hosts: HostDirectory, principals: PrincipalDirectory, watchers: Watchers
    ) -> None:
        self._database = database
        self._hosts = hosts
        self._principals = principals
        self._watchers = watchers
        self._watched: dict[Subscriber, _Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def begin(self, listener: Subscriber) -> None:
        """Watch over somebody from now on. Raises what stands against them already."""
        self._watched[listener] = _Watch()
        now = utcnow()
        self._watch(listener, await self._principals.of_session(listener.session_id, listener.host, now=now), now)
        await self._check(listener)  # what has changed before we watched

    def end(self, listener: Subscriber) -> None:
        """Watch over them no more."""
        watch = self._watched.pop(listener, None)
        if watch is not None:
            watch.stop()

    async def before_telling(self, listeners: Iterable[Subscriber]) -> None:
        """Look at each of them first, while nobody would tell us of changes."""
        if not self._watchers.enabled:
            await asyncio.gather(*[self.look(each) for each in tuple(listeners)])

    async def close(self) -> None:
        """Give up what is under way."""
        for listener in tuple(self._watched):
            self.end(listener)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _watch(self, listener: Subscriber, loaded: Loaded, now: datetime) -> None:
        watch = self._watched.get(listener)
        if watch is None:
            return
        watch.stop()
        other = Mode.LIVE if listener.place.mode is Mode.SANDBOX else Mode.SANDBOX
        watch.ends = [
            self._watchers.watch(loaded.tags, lambda _tag: self._look_soon(listener)),
            self._watchers.watch(
                [mode_tag(listener.session_id, other)], lambda tag: self._go_over(listener, other) if tag else None
            ),
        ]
        instants = [loaded.principal.expires_at, *loaded.changes_at]
        if listener.place.tenant is not None:
            instants.append(listener.place.tenant.demo_expires_at)
        ahead = [(each - now).total_seconds() for each in instants if each is not None and each > now]
        delay = min(ahead, default=_LONGEST_SECONDS)
        watch.timer = asyncio.get_running_loop().call_later(min(delay, _LONGEST_SECONDS), self._look_soon, listener)

    def _go_over(self, listener: Subscriber, mode: Mode) -> None:
        """Their session works on the other data from now on: what they hear here would be taken for those."""
        told = listener.place.message("mode.changed", data={"mode": mode})
        listener.end(CloseCode.MODE_CHANGED, told)

    def _look_soon(self, listener: Subscriber) -> None:
        watch = self._watched.get(listener)
        if watch is None or watch.is_due:
            return
        watch.is_due = True
        task = asyncio.create_task(self.look(listener), name="live vigil")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def look(self, listener: Subscriber) -> None:
        """See whether they are who they were; end what has ended."""
        async with self._places:
            watch = self._watched.get(listener)
            if watch is None:
                return
            watch.is_due = False  # what changes from here on is looked at once more
            try:
                await self._check(listener)
            except Unavailable:
                watch.stop()
                loop = asyncio.get_running_loop()
                watch.timer = loop.call_later(_RETRY_SECONDS, self._look_soon, listener)
            except Problem as problem:
                ended = isinstance(problem, Unauthenticated)
                listener.end(CloseCode.SESSION_ENDED if ended else CloseCode.NOT_PERMITTED, problem)

    async def _check(self, listener: Subscriber) -> None:
        """Raise what stands against them now; let go of tickets that they may not see any more."""
        now = utcnow()
        await self._hosts.resolve(listener.host.name, now=now)
        loaded = await self._principals.of_session(listener.session_id, listener.host, now=now)
        before, listener.principal = listener.principal, replace(loaded.principal, mode=listener.place.mode)
        self._watch(listener, loaded, now)
        if listener.place.mode is Mode.SANDBOX:
            listener.principal.require(Permission.SANDBOX_READ)
        for topic in listener.topics:
            require(listener.principal, topic)
        if before.permissions != listener.principal.permissions:
            await self._check_tickets(listener)

    async def _check_tickets(self, listener: Subscriber) -> None:
        tickets = {topic: ticket_id for topic in listener.topics if (ticket_id := ticket_of(topic))}
        tenant = listener.place.tenant
        if not tickets or tenant is None:
            return
        async with self._database.transaction(tenant.schema(listener.place.mode)) as session:
            for topic, ticket_id in tickets.items():
                try:
                    await desk.require(session, listener.principal, ticket_id)
                except TicketNotFound:
                    listener.drop(topic)
                    listener.say("unsubscribed", data={"topics": sorted(listener.topics), "left": [topic]})
