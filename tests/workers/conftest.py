from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI

from app.integrations.smtp import transport_of
from app.mail.postman import Postman
from app.runtime import Runtime
from app.settings import Settings
from app.webhooks.drain import Dispatcher
from app.webhooks.transport import WebhookTransport
from app.workers.jobs import WorkerState


@pytest.fixture
async def state(app: FastAPI, settings: Settings) -> AsyncIterator[WorkerState]:
    runtime: Runtime = app.state.runtime
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(WebhookTransport(allow_loopback=settings.webhook_allow_loopback))
        dispatcher = Dispatcher(runtime.database, runtime.queue, runtime.keyring, transport)
        await stack.enter_async_context(dispatcher)
        postman = Postman(runtime.database, runtime.keyring, transport_of(settings), sender=settings.sender)
        yield WorkerState(runtime, dispatcher, await stack.enter_async_context(postman))
