"""Each user's notifications and how many of them are unread, for all the sockets of this process."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.core.clock import utcnow
from app.core.ids import first_uuid7, made_at
from app.core.schemas import EARLIEST
from app.db.session import Database
from app.errors import Problem
from app.integrations.broadcast import Broadcast
from app.live.subscriber import Subscriber
from app.live.topics import NOTIFICATIONS
from app.models.public import NotificationRow
from app.notifications import inbox
from app.notifications.schemas import NotificationRead
from app.tenancy.mode import Mode

MOST_REPLAYED = 100
"""Notifications that are told to somebody who comes back; of more they read the list."""

_PATIENCE = timedelta(minutes=1)  # no transaction takes longer, so that nothing older can still appear
_LOOK_SECONDS = 30.0  # should a call have been lost
_RETRY_SECONDS = 1.0
_MOST_AT_ONCE = 100
_MOST_READ = 1000
_log = logging.getLogger(__name__)

_Key = tuple[UUID, Mode]


@dataclass(slots=True)
class _Reader:
    """A user in a mode, at this process."""

    looked_at: datetime
    listeners: set[Subscriber] = field(default_factory=set)
    told: dict[UUID, int] = field(default_factory=dict)
    """Which of the latest they were told of, each with how often it had happened by then."""
    unread: int | None = None


class Notices:
    """Looks for whoever is called, and for everybody now and then: many users by two queries."""

    def __init__(self, database: Database, broadcast: Broadcast) -> None:
        self._database = database
        self._broadcast = broadcast
        self._readers: dict[_Key, _Reader] = {}
        self._called: set[_Key] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def attach(self, listener: Subscriber, after: UUID | None) -> Callable[[], None]:
        """Have somebody hear of their notifications from now on, and of those since this one; and of their number.

        Until what is returned is called. Raises Unavailable.
        """
        user_id, mode = listener.principal.user_id, listener.place.mode
        now = utcnow()
        is_sandbox = mode is Mode.SANDBOX
        async with self._database.transaction() as session:
            find = partial(inbox.find_since, session, [user_id], is_sandbox=is_sandbox)
            recent = await find(now - _PATIENCE, most=_MOST_READ)
            missed = (
                await find(max(made_at(after) - _PATIENCE, EARLIEST), most=MOST_REPLAYED + 1)
                if after is not None
                else []
            )
        reader, leave = self._follow((user_id, mode), listener, now, recent)
        if len(missed) > MOST_REPLAYED:
            listener.say("resync", data={"topics": [NOTIFICATIONS]})
        else:
            _tell_of(
                [listener], [row for row in missed if row.id != after], lambda row: after is not None and row.id < after
            )
        reader.unread = None  # so that whoever has just come hears it
        self._call((user_id, mode))
        return leave

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _follow(
        self, key: _Key, listener: Subscriber, now: datetime, rows: Sequence[NotificationRow]
    ) -> tuple[_Reader, Callable[[], None]]:
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers[key] = _Reader(now, told={row.id: row.count for row in rows})
        reader.listeners.add(listener)
        is_sandbox = key[1] is Mode.SANDBOX
        hear_no_more = self._broadcast.hear(
            inbox.channel_of(key[0], is_sandbox=is_sandbox), lambda _said: self._call(key)
        )

        def leave() -> None:
            hear_no_more()
            reader.listeners.discard(listener)
            if not reader.listeners and self._readers.get(key) is reader:
                del self._readers[key]

        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="live notifications")
        return reader, leave

    def _call(self, key: _Key) -> None:
        self._called.add(key)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            called, self._called = self._called or {*self._readers}, set()
            try:
                await self._look(called)
            except Exception as error:  # noqa: BLE001 — whatever it is, others want to hear of theirs
                _log.log(
                    logging.WARNING if isinstance(error, Problem) else logging.ERROR,
                    "cannot read notifications",
                    exc_info=True,
                )
                self._called |= called
                self._wake.set()
                await asyncio.sleep(_RETRY_SECONDS)

    async def _look(self, called: Iterable[_Key]) -> None:
        for mode in Mode:
            users = [user_id for user_id, of in called if of is mode and (user_id, of) in self._readers]
            for first in range(0, len(users), _MOST_AT_ONCE):
                await self._look_for(users[first : first + _MOST_AT_ONCE], mode)

    async def _look_for(self, users: Sequence[UUID], mode: Mode) -> None:
        now, is_sandbox = utcnow(), mode is Mode.SANDBOX
        since = min((reader.looked_at for each in users if (reader := self._readers.get((each, mode)))), default=now)
        oldest = first_uuid7(since - _PATIENCE)
        found: defaultdict[UUID, list[NotificationRow]] = defaultdict(list)
        async with self._database.transaction() as session:
            counts = await inbox.count_unread(session, users, is_sandbox=is_sandbox)
            for row in await inbox.find_since(
                session, users, since - _PATIENCE, is_sandbox=is_sandbox, most=_MOST_READ
            ):
                found[row.user_id].append(row)
        for user_id in users:
            reader = self._readers.get((user_id, mode))
            if reader is not None:
                news = [row for row in found[user_id] if reader.told.get(row.id) != row.count]
                _tell_of(reader.listeners, news, partial(_was_told, reader.told, oldest))
                reader.told = {row.id: row.count for row in found[user_id]}
                reader.looked_at = now
                _count(reader, counts[user_id])


def _tell_of(
    listeners: Iterable[Subscriber], rows: Iterable[NotificationRow], is_known: Callable[[NotificationRow], bool]
) -> None:
    for row in rows:
        kind = "notification.updated" if is_known(row) else "notification.created"
        data = NotificationRead.of(row).model_dump()
        for listener in listeners:
            listener.say(kind, resource="notification", id=row.id, data=data)


def _was_told(told: Collection[UUID], oldest: UUID, row: NotificationRow) -> bool:
    return row.id in told or row.id < oldest


def _count(reader: _Reader, unread: int) -> None:
    if unread != reader.unread:
        reader.unread = unread
        for listener in reader.listeners:
            listener.say("notification.count", resource="notification", data={"unread": unread})
