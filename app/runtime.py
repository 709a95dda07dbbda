"""What one process holds for as long as it lives: pool, caches, queue, keys. Made once, closed once."""

from dataclasses import dataclass
from typing import Any, Self

from app.audit.trail import AuditTrail
from app.auth.directory import PrincipalDirectory
from app.auth.rate_limits import RateLimits
from app.auth.throttle import Throttle
from app.auth.token_usage import TokenUsage
from app.core.cache import TaggedCache
from app.core.crypto import Keyring
from app.core.gcra import Quota
from app.core.watchers import Watchers
from app.db.engine import make_engine
from app.db.invalidation import Invalidation
from app.db.session import CommitListener, Database
from app.events.wakeups import OutboxWakeups
from app.integrations.broadcast import Broadcast
from app.integrations.bucket import Bucket
from app.integrations.buckets import SharedBuckets
from app.integrations.calls import CommitCalls
from app.integrations.dns import Resolver, resolver_of
from app.integrations.folder import Folder
from app.integrations.geoip import Places
from app.integrations.queue import JobQueue
from app.integrations.storage import Storage
from app.live.hub import Hub, Limits
from app.mail.wakeups import MailWakeups
from app.media.inspecting import Inspector
from app.settings import Settings
from app.subscriptions.tiers import TierDirectory
from app.tenancy.hosts import HostDirectory


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    keyring: Keyring
    database: Database
    queue: JobQueue
    hosts: HostDirectory
    tiers: TierDirectory
    principals: PrincipalDirectory
    throttle: Throttle
    broadcast: Broadcast
    buckets: SharedBuckets
    rate_limits: RateLimits
    token_usage: TokenUsage
    places: Places
    resolver: Resolver
    storage: Storage
    inspector: Inspector
    invalidation: Invalidation
    audit_trail: AuditTrail
    hub: Hub

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Wire everything. Nothing connects yet."""
        cache: TaggedCache[Any] = TaggedCache()
        watchers = Watchers()
        invalidation = Invalidation(cache, settings.listen_url, watchers)
        audit_trail = AuditTrail.of(settings)
        queue, broadcast = JobQueue(settings.redis_url), Broadcast(settings.redis_url)
        engine = make_engine(settings.database_url, pool_size=settings.database_pool_size)
        listeners: list[CommitListener] = [audit_trail, invalidation]
        listeners += [OutboxWakeups(queue), MailWakeups(queue), CommitCalls(broadcast)]
        database = Database(engine, listeners=listeners)
        keyring = Keyring(settings.secret_key)
        hosts = HostDirectory(database, cache, settings.root_domain)
        principals = PrincipalDirectory(database, cache, cache, keyring, settings.wants_second_factor)
        limits = Limits(settings.sockets_per_user, settings.sockets_per_business)
        tiers, buckets = TierDirectory(database, cache), SharedBuckets(settings.redis_url)
        return cls(
            settings=settings,
            keyring=keyring,
            database=database,
            queue=queue,
            hosts=hosts,
            tiers=tiers,
            principals=principals,
            throttle=Throttle(database, keyring),
            broadcast=broadcast,
            buckets=buckets,
            rate_limits=RateLimits(
                buckets,
                tiers,
                of_session=Quota(settings.requests_per_minute_of_session),
                of_address=Quota(settings.requests_per_minute_of_address),
            ),
            token_usage=TokenUsage(database),
            places=Places(settings.geoip_database),
            resolver=resolver_of(settings),
            storage=_storage_of(settings, keyring),
            inspector=Inspector(),
            invalidation=invalidation,
            audit_trail=audit_trail,
            hub=Hub(database, hosts, principals, broadcast, watchers, limits),
        )

    async def __aenter__(self) -> Self:
        self.audit_trail.files.open()
        await self.invalidation.start()
        await self.token_usage.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.hub.close()
        await self.token_usage.stop()
        await self.invalidation.stop()
        await self.broadcast.close()
        await self.buckets.close()
        await self.queue.close()
        await self.storage.close()
        self.places.close()
        await self.database.close()
        self.audit_trail.files.close()


def _storage_of(settings: Settings, keyring: Keyring) -> Storage:
    """The bucket of the settings, or a folder where there is none."""
    if settings.media_bucket is None:
        return Folder(settings.media_folder, keyring)
    return Bucket(settings.media_bucket, region=settings.media_region, endpoint_url=settings.media_endpoint_url)
