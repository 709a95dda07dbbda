"""When each API token was last used: gathered here, and written together now and then."""

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import SQLAlchemyError

from app.db.session import Database
from app.errors import Unavailable
from app.models.public import ApiTokenRow

INTERVAL_SECONDS = 10.0
_log = logging.getLogger(__name__)


class TokenUsage:
    """Remembers the latest use of each token until it is written. What a crash loses are seconds."""

    def __init__(self, database: Database, *, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._database = database
        self._interval = interval_seconds
        self._used: dict[UUID, datetime] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, token_id: UUID, now: datetime) -> None:
        """A token is used at this instant."""
        self._used[token_id] = now

    async def flush(self) -> None:
        """Write what has been noted. A process that comes late with an earlier use changes nothing."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._write(used)
        except BaseException:
            self._used = used | self._used  # for the next time
            raise

    async def _write(self, used: dict[UUID, datetime]) -> None:
        ids = bindparam("ids", list(used), type_=ARRAY(ApiTokenRow.id.type))
        instants = bindparam("instants", list(used.values()), type_=ARRAY(ApiTokenRow.created_at.type))
        latest = select(func.unnest(ids).label("id"), func.unnest(instants).label("at")).subquery()
        async with self._database.transaction() as session:
            await session.execute(
                update(ApiTokenRow)
                .where(
                    ApiTokenRow.id == latest.c.id,
                    or_(ApiTokenRow.last_used_at.is_(None), ApiTokenRow.last_used_at < latest.c.at),
                )
                .values(last_used_at=latest.c.at),
                execution_options={"synchronize_session": False},
            )

    async def start(self) -> None:
        """Begin to write, in the background."""
        self._task = asyncio.create_task(self._run(), name="token usage")

    async def stop(self) -> None:
        """Write what is left, and no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(Unavailable):
            await self.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.flush()
            except (Unavailable, SQLAlchemyError):
                _log.exception("when tokens were last used could not be written")
