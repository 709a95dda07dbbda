import pytest
from fastapi import FastAPI

from app.workers import webhooks
from app.workers.jobs import JobRefused, WorkerState
from tests.actors import Business, Platform
from tests.emitting import emit
from tests.receivers import PATIENCE_SECONDS, Receiver

PATH = "/webhook-endpoints"


class TestTenantJob:
    @pytest.mark.parametrize(
        "arguments", [(), ("live",), ("", "live"), ("not an id", "live"), ("{id}", ""), ("{id}", "l")]
    )
    async def test_refuses_to_run_without_tenant_and_mode(
        self, state: WorkerState, business: Business, arguments: tuple[str, ...]
    ) -> None:
        given = [argument.format(id=business.id) for argument in arguments]
        with pytest.raises(JobRefused):
            await webhooks.drain.coroutine({"worker": state}, *given)

    async def test_leaves_a_tenant_alone_that_is_suspended_or_unknown(
        self, app: FastAPI, state: WorkerState, platform: Platform, business: Business, receiver: Receiver
    ) -> None:
        await business.make(PATH, {"url": receiver.url, "events": ["*"]})
        await emit(app, business)
        await platform.superuser.patch(f"/api/v1/platform/tenants/{business.id}", json={"status": "suspended"})
        for tenant_id in (business.id, "00000000-0000-7000-8000-000000000000"):
            await webhooks.drain.coroutine({"worker": state}, tenant_id, "live")
        await state.dispatcher.settle(timeout_seconds=PATIENCE_SECONDS)
        assert receiver.received == []
