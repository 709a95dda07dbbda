"""Hands out users: each connection is told an access token of a new one, who has everything that is a user's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from fastapi import FastAPI

from app.auth import jwt
from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import UserRow, UserSessionRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.hosts import audience_of

_TTL = timedelta(minutes=20)


@dataclass(frozen=True)
class Desk:
    """Makes users of one role: at this business, or on the platform."""

    app: FastAPI
    role: Role
    tenant_id: UUID | None
    password_hash: str

    async def new_user(self) -> UserRow:
        """Somebody new."""
        now = utcnow()
        user = UserRow(
            id=uuid7(),
            email=f"{uuid7().hex}@people.example",
            name="Connie Formist",
            password_hash=self.password_hash,
            role=self.role,
            tenant_id=self.tenant_id,
            is_active=True,
            is_sandbox=False,
            created_at=now,
            updated_at=now,
            areas=[],
            email_verified_at=now,
        )
        async with self.app.state.database.transaction() as session:
            session.add(user)
        return user

    async def new_token(self) -> str:
        """An access token of somebody new, who is logged in elsewhere too and has a notification to read."""
        now = utcnow()
        user = await self.new_user()
        current, other = (self._session(user.id) for _ in range(2))
        async with self.app.state.database.transaction() as session:
            session.add_all([current, other])
            data = {"role": self.role, "previous_role": Role.TENANT_MANAGER}
            notify(session, user.id, NotificationKind.ROLE_CHANGED, data, now=now)
        claims = jwt.AccessClaims(user.id, current.id, audience_of(self.tenant_id), self.role)
        return jwt.issue(claims, self.app.state.keyring.signing_key, now=now)

    def _session(self, user_id: UUID) -> UserSessionRow:
        now = utcnow()
        return UserSessionRow(
            id=uuid7(),
            user_id=user_id,
            generation=1,
            rotated_at=now,
            expires_at=now + _TTL,
            revoked_at=None,
            ip_address=None,
            user_agent=None,
            created_at=now,
            methods=["pwd"],
        )


@asynccontextmanager
async def opened(desk: Desk) -> AsyncIterator[int]:
    """The port at which the desk hands out tokens."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await desk.new_token()).encode())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield int(server.sockets[0].getsockname()[1])
