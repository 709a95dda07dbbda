"""Presence at tickets, across processes: said again and again by Redis, and kept nowhere."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from app.integrations.broadcast import Broadcast
from app.live.room import Room, Sign
from app.live.subscriber import Subscriber
from app.tickets.access import CUSTOMER, STAFF, side_of

_BEAT_SECONDS = 3.0
_ASK = orjson.dumps({"ask": True})

_Key = tuple[UUID, str, UUID]


@dataclass(slots=True)
class _Meeting:
    """A ticket's room as this process knows it, and who of ours is there."""

    ticket_id: UUID
    hear_no_more: Callable[[], None]
    room: Room = field(default_factory=Room)
    signs: dict[Subscriber, Sign] = field(default_factory=dict)
    _told: dict[str, Any] = field(default_factory=dict)

    def seen_by(self, side: str) -> dict[str, Any]:
        """Who is there, for this side of the desk."""
        return self.room.as_seen_by(side, time.monotonic())

    def tell_of(self, sign: Sign) -> bool:
        """Take a sign of somebody. Whether those of their side were told, since it has changed what they see."""
        self.room.see(sign, time.monotonic())
        return sign.side in self.tell()

    def tell(self) -> set[str]:
        """Tell ours of who is there, if that has changed: on which sides of the desk it has."""
        told = set()
        for side in (STAFF, CUSTOMER):
            seen = self.seen_by(side)
            if seen != self._told.get(side):
                self._told[side] = seen
                _tell(self, [each for each in self.signs if side_of(each.principal) == side], seen)
                told.add(side)
        return told


class Presence:
    """Lets those who look at a ticket know of each other. They must be allowed to see it."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._meetings: dict[_Key, _Meeting] = {}
        self._task: asyncio.Task[None] | None = None

    def enter(self, listener: Subscriber, ticket_id: UUID, name: str) -> Callable[[], None]:
        """Have somebody look at the ticket, until what is returned is called."""
        key = _key_of(listener, ticket_id)
        meeting = self._meetings.get(key)
        if meeting is None:
            hear_no_more = self._broadcast.hear(_channel(key), lambda said: self._heard(key, said))
            meeting = self._meetings[key] = _Meeting(ticket_id, hear_no_more)
        sign = meeting.signs[listener] = Sign(listener.principal.user_id, name, side_of(listener.principal))
        if not meeting.tell_of(sign):
            _tell(meeting, [listener], meeting.seen_by(sign.side))
        self._say(key, sign)
        if self._task is None:
            self._task = asyncio.create_task(self._beat(), name="presence")
        return partial(self._leave, key, meeting, listener)

    def type(self, listener: Subscriber, ticket_id: UUID, *, is_typing: bool, is_note: bool) -> None:
        """They are writing something, or not any more. To be said again every few seconds."""
        key = _key_of(listener, ticket_id)
        if key in self._meetings and listener in self._meetings[key].signs:
            sign = self._meetings[key].signs[listener]
            self._say(key, replace(sign, is_typing=is_typing, is_note=is_note))

    async def close(self) -> None:
        """Say nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _leave(self, key: _Key, meeting: _Meeting, listener: Subscriber) -> None:
        sign = meeting.signs.pop(listener)
        if sign.user_id not in {each.user_id for each in meeting.signs.values()}:
            self._say(key, replace(sign, is_viewing=False))
        if not meeting.signs:
            meeting.hear_no_more()
            self._meetings.pop(key, None)

    def _say(self, key: _Key, sign: Sign) -> None:
        self._broadcast.call_soon(_channel(key), orjson.dumps(asdict(sign), default=str))
        self._see(key, sign)

    def _heard(self, key: _Key, said: bytes) -> None:
        heard: dict[str, Any] = orjson.loads(said) if said else {}
        if not said:  # we hear from now on: of whom?
            self._broadcast.call_soon(_channel(key), _ASK)
        elif "ask" in heard:
            self._say_again(key)
        else:
            self._see(key, Sign(**heard | {"user_id": UUID(heard["user_id"])}))

    def _see(self, key: _Key, sign: Sign) -> None:
        meeting = self._meetings.get(key)
        if meeting is None:
            return
        if not sign.is_viewing and sign.user_id in {each.user_id for each in meeting.signs.values()}:
            self._say_again(key)  # they have left elsewhere, and are still here
            return
        meeting.tell_of(sign)

    def _say_again(self, key: _Key) -> None:
        meeting = self._meetings.get(key)
        for sign in set(meeting.signs.values()) if meeting else ():
            self._broadcast.call_soon(_channel(key), orjson.dumps(asdict(sign), default=str))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            for key, meeting in tuple(self._meetings.items()):
                for sign in set(meeting.signs.values()):
                    self._say(key, sign)
                meeting.tell()  # of whom nothing was heard any more


def _key_of(listener: Subscriber, ticket_id: UUID) -> _Key:
    tenant = listener.place.tenant
    if tenant is None:
        raise LookupError("there are no tickets on the platform's hosts")
    return tenant.id, str(listener.place.mode), ticket_id


def _channel(key: _Key) -> str:
    tenant_id, mode, ticket_id = key
    return f"presence:{tenant_id}:{mode}:{ticket_id}"


def _tell(meeting: _Meeting, listeners: Iterable[Subscriber], data: dict[str, Any]) -> None:
    for listener in listeners:
        listener.say("ticket.presence", resource="ticket", id=meeting.ticket_id, data=data)
