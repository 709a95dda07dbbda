"""How long events and deliveries are kept."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.core.clock import utcnow
from app.core.ids import first_uuid7, uuid7
from app.models.tenant import EventRow, WebhookDeliveryRow, WebhookEndpointRow
from app.tenancy.mode import Mode
from app.webhooks import history
from tests.actors import Business

ENDPOINTS = "/webhook-endpoints"


@pytest.fixture
async def endpoint(business: Business) -> UUID:
    """An endpoint that is sent nothing of its own accord."""
    made = await business.make(ENDPOINTS, {"url": "https://example.com/hook", "events": ["appointment.declined"]})
    return UUID(made["id"])


class Diary:
    """The events of a business, as old as a test wants them."""

    def __init__(self, app: FastAPI, business: Business) -> None:
        self.app = app
        self.business = business

    async def schema(self) -> str:
        tenant = await self.app.state.hosts.require(UUID(self.business.id), now=utcnow())
        return str(tenant.schema(Mode.LIVE))

    async def write(self, at: datetime, *, to: UUID | None = None, status: str = "pending") -> UUID:
        """An event written at that instant, with a delivery if it says to whom."""
        event_id = UUID(int=first_uuid7(at).int | uuid7().int & (2**62 - 1))
        async with self.app.state.database.transaction(await self.schema()) as session:
            session.add(EventRow(id=event_id, type="appointment.created", occurred_at=at, payload="{}"))
            await session.flush()
            if to is not None:
                due_at = at if status == "pending" else None
                row = WebhookDeliveryRow(event_id=event_id, endpoint_id=to, status=status, attempts=0, created_at=at)
                row.next_attempt_at = due_at
                session.add(row)
        return event_id

    async def forget(self, before: datetime, most: int = 100) -> list[UUID]:
        """Forget, and what is left."""
        async with self.app.state.database.transaction(await self.schema()) as session:
            await history.forget(session, before=before, most=most)
        return await self.events()

    async def events(self) -> list[UUID]:
        async with self.app.state.database.transaction(await self.schema()) as session:
            return list(await session.scalars(select(EventRow.id).order_by(EventRow.id)))

    async def deliveries(self) -> list[UUID]:
        """The events of which there are deliveries."""
        async with self.app.state.database.transaction(await self.schema()) as session:
            return list(await session.scalars(select(WebhookDeliveryRow.event_id).order_by(WebhookDeliveryRow.id)))


@pytest.fixture
def diary(app: FastAPI, business: Business) -> Diary:
    return Diary(app, business)


class TestForget:
    async def test_deletes_what_is_older_with_its_deliveries(self, diary: Diary, endpoint: UUID) -> None:
        bound = utcnow() - timedelta(days=30)
        await diary.write(bound - timedelta(seconds=1))
        for status in ("succeeded", "failed"):
            await diary.write(bound - timedelta(days=1), to=endpoint, status=status)
        kept = await diary.write(bound + timedelta(seconds=1), to=endpoint, status="succeeded")
        assert await diary.forget(bound) == [kept]
        assert await diary.deliveries() == [kept]

    async def test_leaves_what_is_on_its_way(self, diary: Diary, endpoint: UUID) -> None:
        now = utcnow()
        event_id = await diary.write(now - timedelta(days=2), to=endpoint)
        assert await diary.forget(now) == [event_id]
        assert await diary.deliveries() == [event_id]

    async def test_takes_what_waits_for_a_disabled_endpoint(self, diary: Diary, endpoint: UUID) -> None:
        now = utcnow()
        await diary.write(now - timedelta(days=2), to=endpoint)
        async with diary.app.state.database.transaction(await diary.schema()) as session:
            await session.execute(update(WebhookEndpointRow).values(is_enabled=False))
        assert await diary.forget(now) == []

    async def test_takes_replays_that_have_ended(self, diary: Diary, endpoint: UUID) -> None:
        path = f"/api/v1{ENDPOINTS}/{endpoint}/replays"
        for _ in range(2):
            begun = await diary.business.owner.post(path, json={"since": "2026-01-01T00:00:00Z"})
            assert begun.status_code == 202, begun.text
            await diary.business.owner.post(f"{path}/{begun.json()['id']}/cancel")
        running = (await diary.business.owner.post(path, json={"since": "2026-01-01T00:00:00Z"})).json()
        async with diary.app.state.database.transaction(await diary.schema()) as session:
            await history.forget_replays(session, before=utcnow(), most=10)
        left = (await diary.business.owner.get(path)).json()["items"]
        assert [each["id"] for each in left] == [running["id"]]

    async def test_goes_from_the_oldest_in_bounded_batches(self, diary: Diary) -> None:
        now = utcnow()
        written = [await diary.write(now - timedelta(days=days)) for days in (2, 4, 3, 5)]
        assert await diary.forget(now, most=3) == [written[0]]
        assert await diary.forget(now, most=3) == []
