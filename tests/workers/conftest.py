import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.integrations.dns import LocalDns
from app.integrations.smtp import transport_of
from app.integrations.smtp_server import taking_mail
from app.mail.postman import Postman
from app.runtime import Runtime
from app.settings import Settings
from app.webhooks.drain import Dispatcher
from app.webhooks.transport import WebhookTransport
from app.workers.jobs import WorkerState
from app.workers.mailroom import Mailroom
from tests.actors import Business
from tests.conftest import Caller as ClientOf
from tests.mail.incoming.test_authentication import key_of
from tests.people.crowd import Crowd
from tests.tickets.conftest import Desk
from tests.workers.mailing import DOMAIN, Post, taking


@pytest.fixture
async def state(app: FastAPI, settings: Settings) -> AsyncIterator[WorkerState]:
    runtime: Runtime = app.state.runtime
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(WebhookTransport(allow_loopback=settings.webhook_allow_loopback))
        dispatcher = Dispatcher(runtime.database, runtime.queue, runtime.keyring, transport)
        await stack.enter_async_context(dispatcher)
        postman = Postman(runtime.database, runtime.keyring, transport_of(settings), sender=settings.sender)
        yield WorkerState(runtime, dispatcher, await stack.enter_async_context(postman))


@pytest.fixture
async def post(app: FastAPI, desk: Desk, tmp_path: Path) -> AsyncIterator[Post]:
    records = tmp_path / "dns.json"
    records.write_text(json.dumps(key_of("hopper.example") | key_of("people.example")))
    room = Mailroom(taking(app), DOMAIN, LocalDns(records))
    async with taking_mail(room, "127.0.0.1", 0, DOMAIN) as port:
        yield Post(app, desk, port)


@pytest.fixture
async def desk(app: FastAPI, at: ClientOf, business: Business) -> Desk:
    return Desk(business, Crowd(app, at))
