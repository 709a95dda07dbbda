"""Everybody who listens at this process, and what they have in common: each thing is read once for all of them."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from app.auth.directory import PrincipalDirectory
from app.auth.principals import Principal
from app.core.watchers import Watchers
from app.db.session import Database
from app.errors import Problem, SocketLimit
from app.integrations.broadcast import Broadcast
from app.live.channel import Channel
from app.live.closing import CloseCode
from app.live.notices import Notices
from app.live.presence import Presence
from app.live.schemas import Wish
from app.live.subscriber import Subscriber
from app.live.topics import MOST_TOPICS, NOTIFICATIONS, check, require, ticket_of
from app.live.vigil import Vigil
from app.models.public import UserRow
from app.tenancy.hosts import HostDirectory
from app.tenancy.mode import Mode
from app.tickets import desk

HEARTBEAT_SECONDS = 25
"""How often everybody hears something at least."""

_LAST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sockets there may be at one process."""

    of_user: int
    of_business: int


class Hub:
    """Lets people join and leave. It does nothing while nobody is there."""

    def __init__(
        self,
        database: Database,
        hosts: HostDirectory,
        principals: PrincipalDirectory,
        broadcast: Broadcast,
        watchers: Watchers,
        limits: Limits,
    ) -> None:
        self._database = database
        self._broadcast = broadcast
        self._limits = limits
        self._vigil = Vigil(database, hosts, principals, watchers)
        self._notices = Notices(database, broadcast)
        self._presence = Presence(broadcast)
        self._channels: dict[tuple[UUID, Mode], Channel] = {}
        self._joined: dict[Subscriber, Channel | None] = {}
        self._places: Counter[UUID | None] = Counter()
        self._beating: asyncio.Task[None] | None = None

    @contextmanager
    def place_for(self, principal: Principal) -> Iterator[None]:
        """One of the user's places, and of their business's. Raises SocketLimit."""
        wanted = {principal.user_id: self._limits.of_user}
        if principal.tenant is not None:
            wanted[principal.tenant.id] = self._limits.of_business
        for whose, most in wanted.items():
            if self._places[whose] >= most:
                raise SocketLimit("{count} sockets are open already. Close one of them.", params={"count": most})
        self._places.update(wanted.keys())
        try:
            yield
        finally:
            self._places.subtract(wanted.keys())
            for whose in wanted:
                if not self._places[whose]:
                    del self._places[whose]

    async def join(self, listener: Subscriber, wish: Wish) -> None:
        """Have somebody told what they wish. What is refused of it they are told. Raises what stands against them all.

        `leave` is to be called in any case.
        """
        listener.hold()
        self._joined[listener] = None
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat(), name="live heartbeat")
        await self._vigil.begin(listener)
        for topic in wish.topics:
            try:
                await self._subscribe(listener, topic, wish.notifications_after)
            except Problem as problem:
                listener.refuse(problem, topic=topic)
        channel = self._joined[listener] = self._channel_for(listener)
        if channel is not None:
            await channel.attach(listener, wish.after)
        else:
            listener.release([listener.place.message("ready", data={"topics": sorted(listener.topics)})])

    async def leave(self, listener: Subscriber) -> None:
        """Forget them."""
        channel = self._joined.pop(listener, None)
        self._vigil.end(listener)
        for topic in tuple(listener.topics):
            listener.drop(topic)
        if channel is not None:
            channel.detach(listener)
            channel.users -= 1
            if not channel.users and channel.place.tenant is not None:
                del self._channels[channel.place.tenant.id, channel.place.mode]
                await channel.close()

    async def subscribe(self, listener: Subscriber, topics: list[str], ref: str | None) -> None:
        """Have them hear of these topics too, and tell them of which they do now, and what stands against others."""
        await self._vigil.look(listener)  # as who they are now
        for topic in topics:
            try:
                await self._subscribe(listener, topic, None)
            except Problem as problem:
                listener.refuse(problem, topic=topic, ref=ref)
        listener.say("subscribed", data={"topics": sorted(listener.topics), "ref": ref})

    def unsubscribe(self, listener: Subscriber, topics: list[str], ref: str | None) -> None:
        """Have them hear of these topics no more."""
        left = [topic for topic in topics if topic in listener.topics]
        for topic in left:
            listener.drop(topic)
        listener.say("unsubscribed", data={"topics": sorted(listener.topics), "left": left, "ref": ref})

    def type(self, listener: Subscriber, ticket_id: UUID, *, is_typing: bool, is_note: bool) -> None:
        """They write something about a ticket that they look at; of any other nobody is told."""
        if listener.place.tenant is not None:
            self._presence.type(listener, ticket_id, is_typing=is_typing, is_note=is_note)

    async def close(self) -> None:
        """Tell everybody to come again elsewhere, and end."""
        for listener in tuple(self._joined):
            listener.end(CloseCode.GOING_AWAY)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                while self._joined:  # noqa: ASYNC110 — whoever serves them takes them away
                    await asyncio.sleep(0.01)
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        for channel in self._channels.values():
            await channel.close()
        await self._vigil.close()
        await self._notices.close()
        await self._presence.close()

    async def _subscribe(self, listener: Subscriber, topic: str, after: UUID | None) -> None:
        check(topic)
        if topic in listener.topics:
            return
        if len(listener.topics) >= MOST_TOPICS:
            raise SocketLimit("A socket can have {count} topics. Leave one of them.", params={"count": MOST_TOPICS})
        require(listener.principal, topic)
        ticket_id = ticket_of(topic)
        if ticket_id is not None:
            name = await self._look_at(listener, ticket_id)
            listener.topics[topic] = self._presence.enter(listener, ticket_id, name)
        elif topic == NOTIFICATIONS:
            listener.topics[topic] = await self._notices.attach(listener, after)
        else:
            listener.topics[topic] = None

    async def _look_at(self, listener: Subscriber, ticket_id: UUID) -> str:
        """The name of whoever looks at the ticket, if they may. Raises TicketNotFound."""
        tenant, mode = listener.place.tenant, listener.place.mode
        async with self._database.transaction(tenant.schema(mode) if tenant else None) as session:
            await desk.require(session, listener.principal, ticket_id)
            return str((await session.get_one(UserRow, listener.principal.user_id)).name)

    def _channel_for(self, listener: Subscriber) -> Channel | None:
        tenant, mode = listener.place.tenant, listener.place.mode
        if tenant is None:
            return None
        channel = self._channels.get((tenant.id, mode))
        if channel is None:
            channel = Channel(listener.place, tenant, self._database, self._broadcast, self._vigil.before_telling)
            self._channels[tenant.id, mode] = channel
        channel.users += 1
        return channel

    async def _beat(self) -> None:
        second = 0
        while True:
            await asyncio.sleep(1)
            second = (second + 1) % HEARTBEAT_SECONDS
            texts: dict[int, str] = {}
            for listener, channel in tuple(self._joined.items()):
                if hash(listener) % HEARTBEAT_SECONDS == second:
                    if id(channel) not in texts:
                        texts[id(channel)] = _ping(listener, channel)
                    listener.tell(texts[id(channel)])


def _ping(listener: Subscriber, channel: Channel | None) -> str:
    return listener.place.message("ping", resume_after=channel.resume_after if channel else None)
