"""People of every role with sessions of their own, for tests of who may act as whom and lend what to whom."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
from fastapi import FastAPI
from jose import jwt as jose
from sqlalchemy import select, update

from app.auth import jwt
from app.auth.permissions import Area
from app.auth.roles import Role
from app.auth.tags import session_tag, user_tag
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.invalidation import announce
from app.models.public import (
    AuditEntryRow,
    NotificationRow,
    PermissionGrantRow,
    TenantRow,
    UserRow,
    UserSessionRow,
)
from app.tenancy.hosts import audience_of
from app.tenancy.tenant import tenant_tag
from tests.actors import Business

PLATFORM_HOST = "platform.localhost"
API = "/api/v1"
REASON = "Ticket 4711: nothing works"


@dataclass(frozen=True)
class Person:
    """A user with a session at the host they belong to."""

    id: UUID
    email: str
    role: Role
    tenant_id: UUID | None
    session_id: UUID
    token: str
    client: httpx.AsyncClient

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(f"{API}{path}", params=params)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.client.post(f"{API}{path}", json=body or {})

    async def act_as(self, user: "Person | UUID", reason: str = REASON) -> httpx.Response:
        """Ask to act in their place. Cookies are forgotten: only the bearer token counts here."""
        user_id = user.id if isinstance(user, Person) else user
        answer = await self.post("/masquerade", {"user_id": str(user_id), "reason": reason})
        self.client.cookies.clear()
        return answer

    async def lend(self, grantee: "Person", *permissions: str, **changes: Any) -> httpx.Response:
        """Ask to lend permissions."""
        body = {"grantee_id": str(grantee.id), "permissions": list(permissions), "reason": REASON}
        return await self.post("/grants", body | changes)

    async def lent(self, grantee: "Person", permission: str = "customers:write", **changes: Any) -> str:
        """The id of a grant just made."""
        answer = await self.lend(grantee, permission, **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["items"][0]["id"])

    async def permissions(self) -> set[str]:
        """All that counts now."""
        return set((await self.get("/me")).json()["permissions"])


@dataclass(frozen=True)
class Cast:
    """Makes people, and changes things behind everybody's back as another process would: with an announcement."""

    app: FastAPI
    at: Callable[..., httpx.AsyncClient]

    async def add(
        self, role: Role, business: Business | None = None, *, areas: tuple[Area, ...] = (), is_active: bool = True
    ) -> Person:
        """Somebody new, at this business or at the platform."""
        now, tenant_id = utcnow(), UUID(business.id) if business else None
        user = UserRow(
            id=uuid7(),
            email=f"{role.lower()}-{uuid7().hex}@people.example",
            name=f"Pat {role.title()}",
            password_hash="nobody logs in with it",
            role=role,
            tenant_id=tenant_id,
            is_active=is_active,
            is_sandbox=False,
            created_at=now,
            updated_at=now,
            areas=list(areas),
            email_verified_at=now,
        )
        own = session_of(user.id)
        async with self.app.state.database.transaction() as session:
            session.add(user)
            await session.flush()
            session.add(own)
        claims = jwt.AccessClaims(user.id, own.id, audience_of(tenant_id), role)
        token = jwt.issue(claims, self.app.state.keyring.signing_key, now=now)
        host = business.host if business else PLATFORM_HOST
        return Person(user.id, user.email, role, tenant_id, own.id, token, self.at(host, token))

    async def mask(self, actor: Person, user: Person, business: Business | None = None) -> "Masked":
        """Have the actor act as the user: at this business, handed over if the actor is the platform's."""
        answer = await actor.act_as(user)
        assert answer.status_code == 200, answer.text
        if "handover" in answer.json():
            assert business is not None
            answer = await redeem(business, answer.json()["handover"]["code"])
            assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        host = business.host if business else PLATFORM_HOST
        return Masked(jwt_session(token), token, self.at(host, token), answer.json())

    async def change(self, person: Person, **values: Any) -> None:
        """Change a user, and have every process look again."""
        async with self.app.state.database.transaction() as session:
            await session.execute(update(UserRow).where(UserRow.id == person.id).values(**values))
            announce(session, user_tag(person.id))

    async def change_tenant(self, business: Business, **values: Any) -> None:
        """Change a business likewise."""
        async with self.app.state.database.transaction() as session:
            await session.execute(update(TenantRow).where(TenantRow.id == UUID(business.id)).values(**values))
            announce(session, tenant_tag(UUID(business.id)))

    async def change_session(self, session_id: UUID, **values: Any) -> None:
        """Change a session likewise."""
        async with self.app.state.database.transaction() as session:
            await session.execute(update(UserSessionRow).where(UserSessionRow.id == session_id).values(**values))
            announce(session, session_tag(session_id))

    async def make_demo(self, business: Business) -> None:
        """Turn the business into a demo account of a week."""
        await self.change_tenant(business, is_temporary=True, demo_expires_at=utcnow() + timedelta(days=7))

    async def entries(self, event: str, *, about: UUID) -> list[AuditEntryRow]:
        """What the trail says of this event and the user (or other thing) that it is about, in order."""
        query = (
            select(AuditEntryRow)
            .where(AuditEntryRow.event == event, AuditEntryRow.object_id == str(about))
            .order_by(AuditEntryRow.at, AuditEntryRow.seq)
        )
        return await self._all(query)

    async def by(self, actor: Person) -> list[AuditEntryRow]:
        """What the trail says that somebody really did, in order."""
        query = select(AuditEntryRow).where(AuditEntryRow.actor_id == actor.id)
        return await self._all(query.order_by(AuditEntryRow.at, AuditEntryRow.seq))

    async def notifications(self, person: Person) -> list[NotificationRow]:
        """What somebody was notified of, in order."""
        query = select(NotificationRow).where(NotificationRow.user_id == person.id).order_by(NotificationRow.id)
        return await self._all(query)

    async def user(self, person: Person) -> UserRow:
        """The user as stored."""
        async with self.app.state.database.transaction() as session:
            row: UserRow = await session.get_one(UserRow, person.id)
        return row

    async def age_grant(self, grant_id: str, by: timedelta) -> None:
        """Move a grant into the past: what happens when its time is over, without waiting for it."""
        async with self.app.state.database.transaction() as session:
            row = await session.get_one(PermissionGrantRow, UUID(grant_id))
            row.created_at -= by
            row.expires_at -= by
            announce(session, user_tag(row.grantee_id))

    def log_lines(self, **values: str) -> list[dict[str, Any]]:
        """The lines of masquerade.log that say this."""
        lines = (self.app.state.runtime.settings.log_dir / "masquerade.log").read_text().splitlines()
        found = [orjson.loads(line) for line in lines]
        return [line for line in found if all(line[name] == value for name, value in values.items())]

    async def _all(self, query: Any) -> list[Any]:
        async with self.app.state.database.transaction() as session:
            return list(await session.scalars(query))


@dataclass(frozen=True)
class Masked:
    """Somebody acting in another's place: the session, and a client that uses it."""

    session_id: UUID
    token: str
    client: httpx.AsyncClient
    answer: dict[str, Any]

    async def me(self) -> httpx.Response:
        return await self.client.get(f"{API}/me")

    async def end(self) -> httpx.Response:
        return await self.client.delete(f"{API}/masquerade")


async def redeem(business: Business, code: str) -> httpx.Response:
    """Use a hand-over code at a business's host."""
    answer = await business.anonymous.post(f"{API}/masquerade/redeem", json={"code": code})
    business.anonymous.cookies.clear()
    return answer


def session_of(user_id: UUID) -> UserSessionRow:
    """A fresh session of a user."""
    now = utcnow()
    return UserSessionRow(
        id=uuid7(),
        user_id=user_id,
        generation=1,
        rotated_at=now,
        expires_at=now + timedelta(hours=12),
        revoked_at=None,
        ip_address=None,
        user_agent=None,
        created_at=now,
        methods=["pwd"],
    )


def jwt_session(token: str) -> UUID:
    """The session that an access token points to."""
    return UUID(jose.get_unverified_claims(token)["sid"])
