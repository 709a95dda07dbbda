"""Everybody who might call an operation: each role, members of staff by area, masquerades, tokens by scope, nobody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import jwt
from app.auth.permissions import Area, Permission
from app.auth.roles import Role
from app.auth.token_format import hint_of, new_token
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import ApiTokenRow, UserRow, UserSessionRow
from app.tenancy.hosts import audience_of
from app.tenancy.mode import Mode
from tests.actors import Business

PLATFORM_HOST = "platform.localhost"
TTL = timedelta(minutes=20)


@dataclass(frozen=True)
class Caller:
    """A user, perhaps with somebody acting in their place."""

    role: Role
    areas: tuple[Area, ...] = ()
    is_masked: bool = False


@dataclass
class World:
    """A business with a user of every kind, the platform with one of each role, and credentials for all of them."""

    app: FastAPI
    business: Business
    other: Business
    at: Callable[..., httpx.AsyncClient]
    users: dict[tuple[Role, tuple[Area, ...]], UUID] = field(default_factory=dict)
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _credentials: dict[Caller, str] = field(default_factory=dict)
    _tokens: dict[tuple[frozenset[Permission], Mode], str] = field(default_factory=dict)

    def client(self, host: str) -> httpx.AsyncClient:
        """A client of the host, without credentials."""
        if host not in self._clients:
            self._clients[host] = self.at(host)
        return self._clients[host]

    def host_of(self, role: Role) -> str:
        """Where users of this role are at home."""
        return PLATFORM_HOST if role.is_platform else self.business.host

    async def populate(self) -> None:
        """Make the users."""
        async with self.app.state.database.transaction() as session:
            for role in Role:
                await self._add(session, role, ())
            for area in Area:
                await self._add(session, Role.TENANT_STAFF, (area,))

    async def _add(self, session: AsyncSession, role: Role, areas: tuple[Area, ...]) -> None:
        now = utcnow()
        user = UserRow(
            id=uuid7(),
            email=f"matrix-{uuid7().hex}@people.example",
            name="Mat Rix",
            password_hash="nobody logs in with it",
            role=role,
            tenant_id=None if role.is_platform else UUID(self.business.id),
            is_active=True,
            is_sandbox=False,
            created_at=now,
            updated_at=now,
            areas=list(areas),
            email_verified_at=now,
        )
        session.add(user)
        await session.flush()
        self.users[role, areas] = user.id

    async def credential(self, caller: Caller) -> str:
        """An access token of a session of theirs; the same one until it is spent."""
        known = self._credentials.get(caller)
        if known is None:
            known = self._credentials[caller] = await self._sign_in(caller)
        return known

    def spend(self, caller: Caller) -> None:
        """Sign the caller in anew next time: the last call may have ended the session."""
        self._credentials.pop(caller, None)

    async def _sign_in(self, caller: Caller) -> str:
        user_id = self.users[caller.role, caller.areas]
        async with self.app.state.database.transaction() as session:
            current = _session(user_id)
            if caller.is_masked:
                own = _session(await self._actor(session, caller.role))
                session.add(own)
                await session.flush()
                current.actor_id, current.actor_session_id, current.reason = own.user_id, own.id, "to see"
            session.add(current)
        tenant_id = None if caller.role.is_platform else UUID(self.business.id)
        claims = jwt.AccessClaims(user_id, current.id, audience_of(tenant_id), caller.role)
        return jwt.issue(claims, self.app.state.keyring.signing_key, now=utcnow())

    async def _actor(self, session: AsyncSession, role: Role) -> UUID:
        if role is not Role.SUPERUSER:
            return self.users[Role.SUPERUSER, ()]
        if (Role.SUPERUSER, (Area.REPORTS,)) not in self.users:  # a second one, since nobody acts as themselves
            await self._add(session, Role.SUPERUSER, (Area.REPORTS,))
        return self.users[Role.SUPERUSER, (Area.REPORTS,)]

    async def token(self, scopes: frozenset[Permission], mode: Mode) -> str:
        """An API token of the business's owner."""
        known = self._tokens.get((scopes, mode))
        if known is not None:
            return known
        plaintext = self._tokens[scopes, mode] = new_token(mode)
        async with self.app.state.database.transaction() as session:
            session.add(
                ApiTokenRow(
                    id=uuid7(),
                    tenant_id=UUID(self.business.id),
                    created_by=self.users[Role.TENANT_OWNER, ()],
                    name="matrix",
                    hint=hint_of(plaintext),
                    digest=self.app.state.keyring.digest(plaintext),
                    plaintext=plaintext if mode is Mode.SANDBOX else None,
                    is_sandbox=mode is Mode.SANDBOX,
                    scopes=sorted(scopes),
                    expires_at=None,
                    revoked_at=None,
                    created_at=utcnow(),
                )
            )
        return plaintext


def _session(user_id: UUID) -> UserSessionRow:
    now = utcnow()
    return UserSessionRow(
        id=uuid7(),
        user_id=user_id,
        generation=1,
        rotated_at=now,
        expires_at=now + TTL,
        revoked_at=None,
        ip_address=None,
        user_agent=None,
        created_at=now,
        methods=["pwd"],
    )
