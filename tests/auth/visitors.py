"""Somebody who logs in: with a password, an app, a passkey, with a program or a browser, and what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pyotp
from fastapi import FastAPI
from sqlalchemy import select, update

from app.auth.roles import Role
from app.auth.tags import session_tag, user_tag
from app.core.clock import utcnow
from app.db.invalidation import announce
from app.models.public import (
    AuditEntryRow,
    NotificationRow,
    TotpSecretRow,
    UserRow,
    UserSessionRow,
)
from app.people.users import create_user
from tests.actors import PASSWORD
from tests.auth.authenticator import Authenticator
from tests.conftest import Caller

API = "/api/v1"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
STEP = timedelta(seconds=30)


@dataclass
class Visitor:
    """A user, and a client of their host that carries nothing but what a test gives it."""

    app: FastAPI
    at: Caller
    id: UUID
    email: str
    host: str
    client: httpx.AsyncClient
    secret: str | None = None
    """Of the authenticator app, once there is one."""
    recovery_codes: list[str] = field(default_factory=list)

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Send something without being logged in; no cookie is kept."""
        answer = await self.client.post(f"{API}{path}", json=body, headers=headers)
        self.client.cookies.clear()
        return answer

    async def log_in(self, password: str = PASSWORD, **headers: str) -> httpx.Response:
        """Send the password."""
        return await self.post("/auth/login", {"email": self.email, "password": password}, **headers)

    async def challenge(self) -> str:
        """Send the password, and get a challenge for the second factor."""
        answer = await self.log_in()
        assert answer.json()["code"] == "second-factor-required", answer.text
        return str(answer.json()["params"]["challenge"])

    async def send_code(self, challenge: str, code: str) -> httpx.Response:
        """Answer a challenge."""
        return await self.post("/auth/second-factor", {"challenge": challenge, "code": code})

    async def enter(self, **headers: str) -> "Inside":
        """Log in by the password, for good."""
        answer = await self.log_in(**headers)
        assert answer.status_code == 200, answer.text
        return self.inside(answer)

    def inside(self, answer: httpx.Response) -> "Inside":
        """What a log-in's answer opens."""
        body = answer.json()
        return Inside(self, body, self.at(self.host, body["access_token"]))

    def code(self, *, steps: int = 0) -> str:
        """What the app shows now, or so many half minutes later."""
        assert self.secret is not None
        return pyotp.TOTP(self.secret).at(utcnow() + steps * STEP)

    def passkey(self, **traits: Any) -> Authenticator:
        """A passkey with a browser that is at this host."""
        return Authenticator(self.app.state.runtime.settings.origin(self.host), **traits)

    async def forget_codes(self) -> None:
        """Have the server forget which of the app's codes were used, as if time had passed."""
        await self.change(update(TotpSecretRow).where(TotpSecretRow.user_id == self.id).values(last_step=0))

    async def become(self, **values: Any) -> None:
        """Be changed by somebody else."""
        await self.change(update(UserRow).where(UserRow.id == self.id).values(**values))

    async def change(self, statement: Any) -> None:
        """Have the database say something else, and every process look again."""
        async with self.app.state.database.transaction() as session:
            await session.execute(statement)
            announce(session, user_tag(self.id))

    async def row(self) -> UserRow:
        row: UserRow = (await self._all(select(UserRow).where(UserRow.id == self.id)))[0]
        return row

    async def sessions(self) -> Sequence[UserSessionRow]:
        return await self._all(
            select(UserSessionRow).where(UserSessionRow.user_id == self.id).order_by(UserSessionRow.id)
        )

    async def notifications(self, kind: str) -> Sequence[NotificationRow]:
        query = select(NotificationRow).where(NotificationRow.user_id == self.id, NotificationRow.kind == kind)
        return await self._all(query.order_by(NotificationRow.id))

    async def trail(self, event_name: str) -> Sequence[AuditEntryRow]:
        """What the audit trail says of this event and this user, or of anything they did."""
        query = select(AuditEntryRow).where(AuditEntryRow.user_id == self.id, AuditEntryRow.event == event_name)
        return await self._all(query.order_by(AuditEntryRow.at, AuditEntryRow.seq))

    async def _all(self, query: Any) -> Sequence[Any]:
        async with self.app.state.database.transaction() as session:
            found: Sequence[Any] = (await session.scalars(query)).all()
            return found


@dataclass
class Inside:
    """A visitor who is logged in."""

    visitor: Visitor
    body: dict[str, Any]
    client: httpx.AsyncClient

    @property
    def session_id(self) -> UUID:
        return UUID(self.body["refresh_token"].partition(".")[0])

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Call the API with the access token."""
        answer = await self.client.request(method, f"{API}{path}", json=body)
        self.client.cookies.clear()
        return answer

    async def get(self, path: str) -> httpx.Response:
        return await self.call("GET", path)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.call("POST", path, body or {})

    async def delete(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.call("DELETE", path, body)

    async def is_in(self) -> bool:
        """Whether the session still counts."""
        return (await self.get("/me")).status_code == 200

    async def refresh(self, token: str | None = None) -> httpx.Response:
        """Exchange the refresh token."""
        return await self.visitor.post("/auth/refresh", {"refresh_token": token or self.body["refresh_token"]})

    async def set_up_app(self) -> None:
        """Set up an authenticator app."""
        made = (await self.post("/me/totp", {"current_password": PASSWORD})).json()
        self.visitor.secret = made["secret"]
        confirmed = await self.post("/me/totp/confirm", {"code": self.visitor.code()})
        assert confirmed.status_code == 200, confirmed.text
        self.visitor.recovery_codes = confirmed.json()["recovery_codes"]

    async def add_passkey(self, passkey: Authenticator, name: str = "Phone") -> httpx.Response:
        """Make a passkey known."""
        begun = await self.post("/me/passkeys/options", {"current_password": PASSWORD})
        assert begun.status_code == 200, begun.text
        options = begun.json()
        credential = passkey.make(options["public_key"])
        return await self.post(
            "/me/passkeys", {"name": name, "challenge": options["challenge"], "credential": credential}
        )

    async def age(self, by: timedelta, *, absolutely: bool = False) -> None:
        """Have the session been refreshed (or also begun) that much earlier."""
        async with self.visitor.app.state.database.transaction() as session:
            row = await session.get_one(UserSessionRow, self.session_id)
            row.rotated_at -= by
            if absolutely:
                row.created_at -= by
                row.expires_at -= by
            announce(session, session_tag(row.id))


@dataclass(frozen=True)
class Visitors:
    """Makes them."""

    app: FastAPI
    at: Caller

    async def add(self, host: str, role: Role, tenant_id: str | None = None) -> Visitor:
        """Somebody new at this host."""
        email = f"{role.lower()}-{len(_known)}@visitors.example"
        _known.append(email)
        async with self.app.state.database.transaction() as session:
            user = await create_user(
                session,
                email=email,
                name="Vera Visitor",
                password=PASSWORD,
                role=role,
                tenant_id=UUID(tenant_id) if tenant_id else None,
                now=utcnow(),
            )
        return Visitor(self.app, self.at, user.id, email, host, self.at(host))


_known: list[str] = []


def seconds_until(instant: str) -> float:
    """How far away an instant is that an answer names."""
    return (datetime.fromisoformat(instant) - utcnow()).total_seconds()
