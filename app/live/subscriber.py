"""One socket, without its network: who listens, to what, and what waits to be sent there."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from app.auth.principals import Principal
from app.errors import Problem
from app.live.closing import CloseCode
from app.live.envelope import Place, problem_text
from app.tenancy.hosts import Host

MOST_WAITING = 500
"""Messages that are kept for whoever is slow to read. What they have missed before they came waits apart."""


class Subscriber:
    """Whoever listens at a socket. Messages are told here, by whom it may concern, and sent from here, in order."""

    __slots__ = (
        "_backlog",
        "_called",
        "_describe",
        "_held",
        "_waiting",
        "ending",
        "host",
        "place",
        "principal",
        "topics",
    )

    def __init__(
        self, place: Place, host: Host, principal: Principal, describe: Callable[[Problem], dict[str, Any]]
    ) -> None:
        self.place = place
        self.host = host
        self.principal = principal
        self.topics: dict[str, Callable[[], None] | None] = {}
        """What they hear of, each with what is to be done once they do not any more."""
        self.ending: CloseCode | int | None = None
        """With which code the socket is to be closed, once what waits has been sent."""
        self._describe = describe
        self._backlog: deque[str] = deque()
        self._waiting: deque[str] = deque()
        self._held = False
        self._called = asyncio.Event()

    @property
    def session_id(self) -> UUID:
        return self.principal.in_session()

    def tell(self, text: str) -> None:
        """Have the message sent. Whoever has not read so many is given up: they can come again, and resume."""
        if self.ending is not None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._backlog.clear()
            self.end(CloseCode.TOO_SLOW)
            return
        self._waiting.append(text)
        self._called.set()

    def say(self, kind: str, **said: object) -> None:
        """Have a message sent that is about no change of the business's."""
        self.tell(self.place.message(kind, **said))

    def refuse(self, problem: Problem, **about: object) -> None:
        """Have them told what is wrong with something they asked for."""
        self.tell(self._told(problem, about))

    def hold(self) -> None:
        """Keep what is told from now on until what came before it is known."""
        self._held = True

    def release(self, before: Iterable[str]) -> None:
        """Have these sent first, and then what was kept meanwhile."""
        self._backlog.extend(before)
        self._held = False
        self._called.set()

    def end(self, code: int, last: str | Problem | None = None) -> None:
        """Have the socket closed, after a last message. The first reason counts."""
        if self.ending is None:
            if last is not None:
                self._waiting.append(self._told(last, {}) if isinstance(last, Problem) else last)
            self._held = False
            self.ending = code
            self._called.set()

    async def next(self) -> str | None:
        """The next message to send, as soon as there is one; None once it is time to close."""
        while True:
            if self._backlog:
                return self._backlog.popleft()
            if self._waiting and not self._held:
                return self._waiting.popleft()
            if self.ending is not None:
                return None
            self._called.clear()
            await self._called.wait()

    def drop(self, topic: str) -> None:
        """Let them hear of it no more."""
        undo = self.topics.pop(topic, None)
        if undo is not None:
            undo()

    def _told(self, problem: Problem, about: dict[str, Any]) -> str:
        return problem_text(self._describe(problem), **about)
