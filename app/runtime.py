"""What one process holds for as long as it lives: pool, caches, queue, keys. Made once, closed once."""

from dataclasses import dataclass
from typing import Any, Self

from app.auth.directory import PrincipalDirectory
from app.core.cache import TaggedCache
from app.core.crypto import Keyring
from app.db.engine import make_engine
from app.db.invalidation import Invalidation
from app.db.session import Database
from app.events.wakeups import OutboxWakeups
from app.integrations.queue import JobQueue
from app.settings import Settings
from app.tenancy.hosts import HostDirectory


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    keyring: Keyring
    database: Database
    queue: JobQueue
    hosts: HostDirectory
    principals: PrincipalDirectory
    invalidation: Invalidation

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Wire everything. Nothing connects yet."""
        cache: TaggedCache[Any] = TaggedCache()
        invalidation = Invalidation(cache, settings.listen_url)
        queue = JobQueue(settings.redis_url)
        engine = make_engine(settings.database_url, pool_size=settings.database_pool_size)
        database = Database(engine, listeners=[invalidation, OutboxWakeups(queue)])
        keyring = Keyring(settings.secret_key)
        return cls(
            settings=settings,
            keyring=keyring,
            database=database,
            queue=queue,
            hosts=HostDirectory(database, cache, settings.root_domain),
            principals=PrincipalDirectory(database, cache, keyring),
            invalidation=invalidation,
        )

    async def __aenter__(self) -> Self:
        await self.invalidation.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.invalidation.stop()
        await self.queue.close()
        await self.database.close()
