"""Where events are brought about: a business with a salon in its sandbox."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from app.core.clock import utcnow
from app.scheduling import expiry
from app.scheduling.context import SchedulingContext
from app.scheduling.waitlist import entries
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.mailbox import Mailbox
from tests.people.crowd import NEW_PASSWORD
from tests.scheduling.salon import Salon

TIME = "time"
EMAIL = "ada@lovelace.example"
_LATER = "2027-02-02T06:00:00Z"


@dataclass(frozen=True)
class Stage:
    """A business with a salon in its sandbox."""

    app: FastAPI
    business: Business
    salon: Salon
    mailbox: Mailbox

    async def booked(self, **changes: Any) -> dict[str, Any]:
        service = await self.salon.service([await self.salon.resource()], requires_approval=False)
        return await self.salon.booked(service, "10:00", **changes)

    async def requested(self) -> dict[str, Any]:
        service = await self.salon.service([await self.salon.resource()], requires_approval=True)
        return await self.salon.booked(service, "10:00")

    async def do(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = await self.salon.desk.request(method, f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        done: dict[str, Any] = answer.json() if answer.content else {}
        return done

    async def signed_up(self) -> dict[str, Any]:
        """Somebody who has made a log-in for themselves."""
        answer = await self.business.owner.patch("/api/v1/business", json={"self_sign_up": True})
        assert answer.is_success, answer.text
        anonymous = self.business.anonymous
        answer = await anonymous.post("/api/v1/auth/sign-up", json={"email": EMAIL, "name": "Ada"})
        assert answer.is_success, answer.text
        code = (await self.mailbox.latest(EMAIL)).code
        answer = await anonymous.post("/api/v1/auth/confirm-sign-up", json={"token": code, "password": NEW_PASSWORD})
        assert answer.is_success, answer.text
        (customer,) = (await self.business.owner.get("/api/v1/customers")).json()["items"]
        found: dict[str, Any] = customer
        return found


Cause = Callable[[Stage], Awaitable[str]]
"""Has it happen once; the id of what it happened to."""


async def sweep(stage: Stage) -> None:
    """Have a day pass, and the sweeper come by."""
    tenant = await stage.app.state.hosts.require(UUID(stage.business.id), now=utcnow())
    now = datetime.fromisoformat(_LATER)
    context = SchedulingContext(tenant, Mode.SANDBOX, "system", now=now, recorded_at=now)
    async with stage.app.state.database.transaction(tenant.schema(Mode.SANDBOX)) as session:
        await expiry.expire_due(session, context, limit=10)
        await entries.expire_waiting(session, context, limit=10)
