"""A salon in Berlin whose clock stands still: what the tests of slots and appointments are about."""

from dataclasses import dataclass
from typing import Any

import httpx

from app.tenancy.mode import Mode
from app.tenancy.slugs import schema_name
from app.tenancy.tenant import schema_of
from tests.actors import Business

NOW = "2027-02-01T06:00:00Z"
"""A Monday, an hour before anybody works."""
DAY = "2027-02-01"
DESK = (
    "appointments:read",
    "appointments:write",
    "availability:read",
    "customers:write",
    "resources:write",
    "resources:read",
    "services:write",
)


def at(clock: str) -> str:
    """That time in UTC on the salon's day: it is open from 08:00 to 16:00."""
    return f"{DAY}T{clock}:00Z"


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """The status of a problem, and which it is."""
    return answer.status_code, str(answer.json()["code"])


@dataclass(frozen=True)
class Salon:
    """A business's sandbox: one customer, and as many staff and services as a test wants."""

    business: Business
    desk: httpx.AsyncClient
    customer: str

    @classmethod
    async def open(cls, business: Business, desk: httpx.AsyncClient | None = None) -> "Salon":
        if desk is None:
            desk = await business.client(*DESK, mode="test")
            desk.headers["Sandbox-Now"] = NOW
        customer = await business.make("/customers", {"name": "Clara"}, client=desk)
        return cls(business, desk, customer["id"])

    @property
    def schema(self) -> str:
        """Where its rows are."""
        return schema_of(schema_name(self.business.slug), Mode.SANDBOX)

    async def resource(
        self, name: str = "Ada", *, kind: str = "staff", opens: str = "09:00", closes: str = "17:00"
    ) -> str:
        """Somebody or something, at work every day."""
        made = await self.business.make(
            "/resources", {"kind": kind, "name": name, "timezone": "Europe/Berlin"}, client=self.desk
        )
        weekly = [{"weekday": weekday, "start": opens, "end": closes} for weekday in range(1, 8)]
        answer = await self.desk.put(
            f"/api/v1/resources/{made['id']}/schedule", json={"timezone": "Europe/Berlin", "weekly": weekly}
        )
        assert answer.status_code == 200, answer.text
        return str(made["id"])

    async def service(self, *pools: list[str], **changes: Any) -> str:
        """A service of an hour that needs one of each pool."""
        body = {
            "name": "Cut",
            "duration_minutes": 60,
            "price_minor": 4500,
            "requirements": [{"resource_ids": pool} for pool in pools],
        }
        return str((await self.business.make("/services", body | changes, client=self.desk))["id"])

    async def book(self, service: str, clock: str, *, now: str | None = None, **changes: Any) -> httpx.Response:
        """Ask for an appointment at that time of the day."""
        body = {"service_id": service, "customer_id": self.customer, "start": at(clock)}
        return await self.desk.post("/api/v1/appointments", json=body | changes, headers=_clock(now))

    async def booked(self, service: str, clock: str, *, now: str | None = None, **changes: Any) -> dict[str, Any]:
        """An appointment at that time of the day."""
        answer = await self.book(service, clock, now=now, **changes)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def act(
        self,
        appointment: dict[str, Any],
        action: str,
        body: dict[str, Any] | None = None,
        *,
        now: str | None = None,
        revision: int | None = None,
    ) -> httpx.Response:
        """Do something with an appointment."""
        headers = _clock(now) | ({"If-Match": f'"{revision}"'} if revision is not None else {})
        return await self.desk.post(f"/api/v1/appointments/{appointment['id']}/{action}", json=body, headers=headers)

    async def read(self, appointment: dict[str, Any], *, now: str | None = None) -> dict[str, Any]:
        """The appointment as it stands."""
        answer = await self.desk.get(f"/api/v1/appointments/{appointment['id']}", headers=_clock(now))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ask(
        self, service: str, start: str = at("00:00"), end: str = at("23:00"), *, now: str | None = None, **query: str
    ) -> httpx.Response:
        """Ask for the free slots of the day, or of another range."""
        params = {"service_id": service, "start": start, "end": end} | query
        return await self.desk.get("/api/v1/availability", params=params, headers=_clock(now))

    async def starts(self, service: str, *args: str, now: str | None = None, **query: str) -> list[str]:
        """When the service can be booked, as hours and minutes in UTC."""
        answer = await self.ask(service, *args, now=now, **query)
        assert answer.status_code == 200, answer.text
        return [slot["start"][11:16] for slot in answer.json()["slots"]]


def _clock(now: str | None) -> dict[str, str]:
    return {} if now is None else {"Sandbox-Now": now}
