"""How many bookings a subscription covers in a month."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update

from app.core.clock import utcnow
from app.core.ids import first_uuid7, uuid7
from app.models.tenant import AppointmentRow, ClaimRow
from app.subscriptions.limits import booking_quota
from app.subscriptions.tiers import Tiers
from app.tenancy.tenant import Tenant
from tests.actors import Business, Platform
from tests.round_trips import recorded
from tests.scheduling.salon import DESK, Salon, refusal
from tests.subscriptions.conftest import Limiting


class Desk:
    """The live desk of a business, where the hours of tomorrow are booked one after the other."""

    def __init__(self, salon: Salon, service: str, app: FastAPI) -> None:
        self.salon = salon
        self.service = service
        self._app = app
        tomorrow = (utcnow() + timedelta(days=2)).astimezone(ZoneInfo("Europe/Berlin"))
        self._next = tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)

    async def book(self, **changes: Any) -> httpx.Response:
        """Ask for the next hour."""
        start, self._next = self._next, self._next + timedelta(hours=1)
        body = {"service_id": self.service, "customer_id": self.salon.customer, "start": start.isoformat()}
        return await self.salon.desk.post("/api/v1/appointments", json=body | changes)

    async def booked(self, **changes: Any) -> dict[str, Any]:
        """An appointment in the next hour."""
        answer = await self.book(**changes)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def alter(self, appointment: dict[str, Any], **values: Any) -> None:
        """Have time, or somebody, change an appointment behind the API's back. Its claims go."""
        schema = f"tenant_{self.salon.business.slug.replace('-', '_')}"
        async with self._app.state.database.transaction(schema) as session:
            await session.execute(delete(ClaimRow).where(ClaimRow.appointment_id == UUID(appointment["id"])))
            await session.execute(
                update(AppointmentRow).where(AppointmentRow.id == UUID(appointment["id"])).values(values)
            )


@pytest.fixture
async def desk(small_business: Business, starter: Limiting, app: FastAPI) -> Desk:
    """The desk of a business whose subscription covers two bookings a month."""
    await starter(bookings_per_month=2)
    salon = await Salon.open(small_business, small_business.owner)
    return Desk(salon, await salon.service([await salon.resource()]), app)


class TestBookAppointment:
    async def test_is_refused_beyond_the_limit(self, desk: Desk) -> None:
        await desk.booked()
        await desk.booked()
        answer = await desk.book()
        assert refusal(answer) == (402, "tier-limit")
        assert answer.json()["params"] == {
            "limit": "bookings_per_month",
            "allowed": 2,
            "used": 2,
            "tier": "STARTER",
            "lifted_by": ["PROFESSIONAL", "ENTERPRISE"],
        }
        assert answer.json()["detail"] == (
            "The STARTER subscription covers 2 bookings a month, and 2 are in use. "
            "Subscriptions that cover more: PROFESSIONAL, ENTERPRISE."
        )

    async def test_still_takes_five_round_trips(self, desk: Desk, app: FastAPI) -> None:
        await desk.booked()
        with recorded(app) as trips:
            await desk.booked()
        assert [trip.split()[0] for trip in trips] == ["BEGIN", "SELECT", "SELECT", "WITH", "COMMIT"]
        assert "counted" in trips[1]

    async def test_nothing_is_counted_without_a_limit(self, desk: Desk, app: FastAPI, platform: Platform) -> None:
        path = f"/api/v1/platform/tenants/{desk.salon.business.id}"
        await platform.superuser.patch(path, json={"subscription_tier": "ENTERPRISE"})
        await desk.booked()
        with recorded(app) as trips:
            await desk.booked()
        assert not any("counted" in trip for trip in trips)

    async def test_another_tier_or_limit_counts_at_once(
        self, desk: Desk, platform: Platform, starter: Limiting
    ) -> None:
        await desk.booked()
        await desk.booked()
        assert refusal(await desk.book()) == (402, "tier-limit")
        await starter(bookings_per_month=3)
        await desk.booked()
        assert refusal(await desk.book()) == (402, "tier-limit")
        path = f"/api/v1/platform/tenants/{desk.salon.business.id}"
        await platform.superuser.patch(path, json={"subscription_tier": "PROFESSIONAL"})
        await desk.booked()

    async def test_an_earlier_month_does_not_count(self, desk: Desk) -> None:
        for _ in range(2):
            made = await desk.booked()
            zone = ZoneInfo("Europe/Berlin")
            first = utcnow().astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            await desk.alter(made, id=first_uuid7(first - timedelta(milliseconds=1 + UUID(made["id"]).int % 1000)))
        await desk.booked()
        await desk.booked()
        assert refusal(await desk.book()) == (402, "tier-limit")

    async def test_a_hold_counts_until_it_expires(self, desk: Desk) -> None:
        held = await desk.booked(hold=True)
        swept = await desk.booked(hold=True)
        assert refusal(await desk.book()) == (402, "tier-limit")
        await desk.alter(held, expires_at=utcnow() - timedelta(seconds=1))
        await desk.alter(swept, status="expired")
        await desk.booked()
        await desk.booked()
        assert refusal(await desk.book()) == (402, "tier-limit")

    async def test_a_declined_request_does_not_count_and_a_cancelled_booking_does(self, desk: Desk) -> None:
        await desk.alter(await desk.booked(), status="declined")
        await desk.alter(await desk.booked(), status="cancelled")
        await desk.booked()
        assert refusal(await desk.book()) == (402, "tier-limit")

    async def test_the_sandbox_neither_counts_nor_is_bounded(self, desk: Desk) -> None:
        business = desk.salon.business
        trial = await Salon.open(business, await business.client(*DESK, mode="test"))
        trial.desk.headers["Sandbox-Now"] = "2027-02-01T06:00:00Z"
        service = await trial.service([await trial.resource()])
        for clock in ("08:00", "09:00", "10:00"):
            await trial.booked(service, clock)
        await desk.booked()
        await desk.booked()

    async def test_another_business_does_not_count(self, desk: Desk, platform: Platform, app: FastAPI) -> None:
        neighbour = await platform.sign_up(subscription_tier="STARTER")
        salon = await Salon.open(neighbour, neighbour.owner)
        other = Desk(salon, await salon.service([await salon.resource()]), app)
        await desk.booked()
        await desk.booked()
        await other.booked()


class TestOtherOperations:
    async def test_moving_a_booking_costs_none(self, desk: Desk) -> None:
        made = await desk.booked()
        await desk.booked()
        later = (datetime.fromisoformat(made["start"]) + timedelta(hours=4)).isoformat()
        assert (await desk.salon.act(made, "reschedule", {"start": later})).status_code == 201
        assert refusal(await desk.book()) == (402, "tier-limit")

    async def test_confirming_a_hold_costs_none(self, desk: Desk) -> None:
        held = await desk.booked(hold=True)
        await desk.booked()
        assert (await desk.salon.act(held, "confirm")).status_code == 200
        assert refusal(await desk.book()) == (402, "tier-limit")

    async def test_a_hold_that_expired_needs_room_to_be_confirmed(self, desk: Desk, starter: Limiting) -> None:
        held = await desk.booked(hold=True)
        await desk.alter(held, expires_at=utcnow() - timedelta(seconds=1))
        await desk.booked()
        await desk.booked()
        assert refusal(await desk.salon.act(held, "confirm")) == (402, "tier-limit")
        await starter(bookings_per_month=3)
        assert (await desk.salon.act(held, "confirm")).status_code == 200

    async def test_free_slots_are_shown_all_the_same(self, desk: Desk) -> None:
        await desk.booked()
        await desk.booked()
        tomorrow = utcnow() + timedelta(days=3)
        span = [(tomorrow + timedelta(days=days)).isoformat(timespec="seconds") for days in (0, 1)]
        assert await desk.salon.starts(desk.service, *span)


class TestQuota:
    @pytest.mark.parametrize(
        ("zone", "now", "since"),
        [
            ("UTC", "2026-11-24T12:00:00Z", "2026-11-01T00:00:00Z"),
            ("Pacific/Kiritimati", "2026-11-30T10:00:00Z", "2026-11-30T10:00:00Z"),
            ("Pacific/Kiritimati", "2026-11-30T09:59:59Z", "2026-10-31T10:00:00Z"),
            ("Pacific/Pago_Pago", "2026-12-01T10:59:59Z", "2026-11-01T11:00:00Z"),
            ("Europe/Berlin", "2026-03-31T20:00:00Z", "2026-02-28T23:00:00Z"),  # daylight saving began in between
            ("America/Havana", "2026-11-01T05:30:00Z", "2026-11-01T04:00:00Z"),  # that midnight came twice
        ],
    )
    async def test_begins_with_the_month_where_the_business_is(
        self, app: FastAPI, business: Business, platform: Platform, zone: str, now: str, since: str
    ) -> None:
        await platform.superuser.patch(
            f"/api/v1/platform/tenants/{business.id}", json={"timezone": zone, "subscription_tier": "FREE"}
        )
        tenant: Tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
        tiers: Tiers = await app.state.tiers.all()
        quota = booking_quota(tenant, tiers, now=datetime.fromisoformat(now))
        assert quota is not None
        assert (quota.since.astimezone(UTC), quota.allowed) == (datetime.fromisoformat(since), 100)


class TestFirstUuid7:
    def test_is_below_what_is_made_from_then_on_and_above_what_was_made_before(self) -> None:
        made = uuid7()
        at = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
        assert first_uuid7(at) <= made < first_uuid7(at + timedelta(milliseconds=1))
