"""From a credential to the principal it stands for, remembered until something about it changes."""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import jwt
from app.auth.loading import Loaded, find_tenant, load_session, load_token
from app.auth.principals import Principal
from app.auth.tags import token_tag
from app.auth.token_format import mode_of
from app.core.cache import TaggedCache
from app.core.crypto import Keyring
from app.db.session import Database
from app.errors import SessionInvalid, TokenInvalid
from app.tenancy.hosts import Host
from app.tenancy.mode import Mode


@dataclass(frozen=True, slots=True)
class PrincipalDirectory:
    """Authenticates bearer credentials against what the database says now."""

    database: Database
    cache: TaggedCache[Loaded]
    tenants: TaggedCache[UUID]
    keyring: Keyring
    wants_second_factor: bool
    """Whether platform roles may only be used with a second factor."""

    async def authenticate(self, credential: str, host: Host, *, now: datetime) -> Principal:
        """The principal of an API token or access token on this host. Raises TokenInvalid and SessionInvalid."""
        mode = mode_of(credential)
        if mode is not None:
            return await self._by_token(credential, mode, host, now)
        return await self._by_access_token(credential, host, now)

    async def tenant_of(self, credential: str) -> UUID:
        """The business that an API token belongs to. Raises TokenInvalid."""
        if mode_of(credential) is None:
            raise TokenInvalid("On this host only API tokens count. Use the business's own host for anything else.")
        digest = self.keyring.digest(credential)

        async def from_database() -> tuple[UUID, Iterable[str]] | None:
            async with self.database.transaction() as session:
                found = await find_tenant(session, digest)
            return (found.tenant_id, (token_tag(found.id),)) if found else None

        tenant_id = await self.tenants.get(("token's tenant", digest), from_database)
        if tenant_id is None:
            raise TokenInvalid
        return tenant_id

    async def of_session(self, session_id: UUID, host: Host, *, now: datetime) -> Loaded:
        """Whose a session of this host is, and what that was made from: for what outlasts a request.

        Raises SessionInvalid.
        """
        loaded = await self._find(
            ("session", session_id, host.audience),
            lambda session: load_session(session, session_id, host, self.wants_second_factor, now),
            now,
        )
        if loaded is None:
            raise SessionInvalid
        return loaded

    async def _by_access_token(self, credential: str, host: Host, now: datetime) -> Principal:
        session_id = jwt.read(credential, self.keyring.signing_key, audience=host.audience, now=now).session_id
        return (await self.of_session(session_id, host, now=now)).principal

    async def _by_token(self, credential: str, mode: Mode, host: Host, now: datetime) -> Principal:
        digest = self.keyring.digest(credential)
        loaded = await self._find(
            ("token", digest, host.audience), lambda session: load_token(session, digest, mode, host), now
        )
        if loaded is None:
            raise TokenInvalid
        return loaded.principal

    async def _find(
        self, key: Hashable, load: Callable[[AsyncSession], Awaitable[Loaded | None]], now: datetime
    ) -> Loaded | None:
        async def from_database() -> tuple[Loaded, Iterable[str]] | None:
            async with self.database.transaction() as session:
                loaded = await load(session)
            return (loaded, loaded.tags) if loaded else None

        found = await self.cache.get(key, from_database)
        if found is not None and found.is_outdated(now):
            fresh = await from_database()  # what time alone has changed, nobody announces
            found = fresh[0] if fresh else None
        return found if found is not None and not found.has_ended(now) else None
