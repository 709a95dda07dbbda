"""A command's own connection to the database."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from app.audit.recording import ORIGIN
from app.audit.trail import AuditTrail
from app.core.cache import TaggedCache
from app.db.engine import make_engine
from app.db.invalidation import Invalidation
from app.db.session import Database
from app.settings import get_settings

Result = TypeVar("Result")


def with_database(work: Callable[[Database], Coroutine[Any, Any, Result]]) -> Result:
    """Do the work on the database of the settings. What it changes, running processes hear of."""

    async def run() -> Result:
        ORIGIN.set("COMMAND")
        settings = get_settings()
        invalidation = Invalidation(TaggedCache[Any](), settings.listen_url)
        trail = AuditTrail.of(settings)
        database = Database(make_engine(settings.database_url, pool_size=1), listeners=[trail, invalidation])
        try:
            return await work(database)
        finally:
            await database.close()
            trail.files.close()

    return asyncio.run(run())
