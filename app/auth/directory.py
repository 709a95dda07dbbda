"""From a credential to the principal it stands for, remembered until something about it changes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.auth import jwt
from app.auth.permissions import ROLE_PERMISSIONS, Permission
from app.auth.principals import Principal
from app.auth.roles import Role
from app.auth.token_format import mode_of
from app.core.cache import TaggedCache
from app.core.crypto import Keyring
from app.db.session import Database
from app.errors import SessionInvalid, TokenInvalid
from app.models.public import ApiTokenRow, UserRow, UserSessionRow
from app.tenancy.hosts import Host
from app.tenancy.mode import Mode


def user_tag(user_id: UUID) -> str:
    """The cache tag of everything that depends on this user's role and activity."""
    return f"user:{user_id}"


def session_tag(session_id: UUID) -> str:
    """The cache tag of a session's principal."""
    return f"session:{session_id}"


def token_tag(token_id: UUID) -> str:
    """The cache tag of an API token's principal."""
    return f"token:{token_id}"


class PrincipalDirectory:
    """Authenticates bearer credentials against what the database says now."""

    def __init__(self, database: Database, cache: TaggedCache[Principal], keyring: Keyring) -> None:
        self._database = database
        self._cache = cache
        self._keyring = keyring

    async def authenticate(self, credential: str, host: Host, *, now: datetime) -> Principal:
        """The principal of an API token or access token on this host. Raises TokenInvalid and SessionInvalid."""
        mode = mode_of(credential)
        if mode is not None:
            return await self._by_token(credential, mode, host, now)
        return await self._by_access_token(credential, host, now)

    async def _by_access_token(self, credential: str, host: Host, now: datetime) -> Principal:
        claims = jwt.read(credential, self._keyring.signing_key, audience=host.audience)
        key = ("session", claims.session_id, host.audience)
        principal = await self._cache.get(key, lambda: self._load_session(claims.session_id, host))
        if principal is None or _is_past(principal.expires_at, now):
            raise SessionInvalid
        return principal

    async def _by_token(self, credential: str, mode: Mode, host: Host, now: datetime) -> Principal:
        digest = self._keyring.digest(credential)
        key = ("token", digest, host.audience)
        principal = await self._cache.get(key, lambda: self._load_token(digest, mode, host))
        if principal is None or _is_past(principal.expires_at, now):
            raise TokenInvalid
        return principal

    async def _load_session(self, session_id: UUID, host: Host) -> tuple[Principal, Iterable[str]] | None:
        query = (
            select(UserRow.id, UserRow.role, UserSessionRow.expires_at)
            .join(UserSessionRow, UserSessionRow.user_id == UserRow.id)
            .where(
                UserSessionRow.id == session_id,
                UserSessionRow.revoked_at.is_(None),
                UserRow.is_active,
                UserRow.tenant_id.is_not_distinct_from(host.tenant.id if host.tenant else None),
            )
        )
        row = await self._first(query)
        if row is None:
            return None
        role = Role(row.role)
        principal = Principal(
            user_id=row.id,
            role=role,
            tenant=host.tenant,
            mode=Mode.LIVE,
            permissions=ROLE_PERMISSIONS[role],
            session_id=session_id,
            expires_at=row.expires_at,
        )
        return principal, (session_tag(session_id), user_tag(row.id), *_tenant_tags(host))

    async def _load_token(self, digest: bytes, mode: Mode, host: Host) -> tuple[Principal, Iterable[str]] | None:
        if host.tenant is None:
            return None
        query = (
            select(
                ApiTokenRow.id,
                ApiTokenRow.scopes,
                ApiTokenRow.expires_at,
                ApiTokenRow.created_by,
                UserRow.role,
            )
            .join(UserRow, UserRow.id == ApiTokenRow.created_by)
            .where(
                ApiTokenRow.digest == digest,
                ApiTokenRow.revoked_at.is_(None),
                ApiTokenRow.tenant_id == host.tenant.id,
                ApiTokenRow.is_sandbox == (mode is Mode.SANDBOX),
                UserRow.is_active,
            )
        )
        row = await self._first(query)
        if row is None:
            return None
        role = Role(row.role)
        principal = Principal(
            user_id=row.created_by,
            role=role,
            tenant=host.tenant,
            mode=mode,
            permissions=ROLE_PERMISSIONS[role] & {Permission(scope) for scope in row.scopes},
            token_id=row.id,
            expires_at=row.expires_at,
        )
        return principal, (token_tag(row.id), user_tag(row.created_by), *_tenant_tags(host))

    async def _first(self, query: Any) -> Row[Any] | None:
        async with self._database.transaction() as session:
            return (await session.execute(query)).first()


def _tenant_tags(host: Host) -> tuple[str, ...]:
    return (host.tenant.tag,) if host.tenant else ()


def _is_past(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now
