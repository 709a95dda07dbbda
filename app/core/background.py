"""Work that goes on while nobody waits for it, and ends in an orderly way."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Self

_LAST_SECONDS = 10.0
_log = logging.getLogger(__name__)


class BackgroundWork:
    """A base for whoever claims work and does it in tasks. As a context it ends: it claims nothing more, and waits.

    What a task had claimed and did not finish has to be due again by itself, as after a crash.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Claim nothing more, and give what is under way a few seconds to end and be recorded."""
        self._is_closing = True
        await self.settle(timeout_seconds=_LAST_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self, *, timeout_seconds: float) -> None:
        """Wait until nothing more is under way, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            _log.error("%s failed", task.get_name(), exc_info=task.exception())
