"""Who brought an event about, and what they call the operation."""

import json
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.clock import utcnow
from app.models.tenant import EventRow
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.emitting import emit

HEADER = "X-Operation-Id"
BODY = {"name": "Grace Hopper"}


async def origins(app: FastAPI, business: Business) -> list[tuple[Any, str | None]]:
    tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
    async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        query = select(EventRow.actor_id, EventRow.op_id).order_by(EventRow.sequence)
        return list((await session.execute(query)).tuples())


async def user_of(business: Business) -> UUID:
    return UUID((await business.owner.get("/api/v1/me")).json()["user"]["id"])


class TestOrigin:
    async def test_is_kept_with_the_event(self, app: FastAPI, business: Business) -> None:
        await business.owner.post("/api/v1/customers", json=BODY, headers={HEADER: "a tab, a step"})
        await business.owner.post("/api/v1/customers", json=BODY)
        await emit(app, business)
        owner = await user_of(business)
        assert await origins(app, business) == [(owner, "a tab, a step"), (owner, None), (None, None)]

    async def test_goes_for_all_of_a_batch(self, app: FastAPI, business: Business) -> None:
        requests = [{"method": "POST", "path": "/api/v1/customers", "body": BODY}] * 2
        answer = await business.owner.post("/api/v1/batch", json={"requests": requests}, headers={HEADER: "all"})
        assert answer.status_code == 200, answer.text
        assert await origins(app, business) == [(await user_of(business), "all")] * 2

    async def test_is_nothing_that_webhooks_are_sent(self, business: Business) -> None:
        await business.owner.post("/api/v1/customers", json=BODY, headers={HEADER: "Kanarienvogel"})
        (event,) = (await business.owner.get("/api/v1/events")).json()["items"]
        details = (await business.owner.get(f"/api/v1/events/{event['id']}")).json()
        assert "Kanarienvogel" not in json.dumps(details)

    @pytest.mark.parametrize("name", ["", "x" * 65, "tab\tulator", "é"])
    async def test_has_a_name_that_can_be_printed(self, business: Business, name: str) -> None:
        headers = {HEADER: name.encode()}
        answer = await business.owner.post("/api/v1/customers", json=BODY, headers=headers)  # type: ignore[arg-type]
        assert [error["pointer"] for error in answer.json()["errors"]] == [HEADER]
        assert answer.status_code == 422
