"""The worker and the mails: woken by the commit, and looking for itself every minute."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import arq
import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI
from sqlalchemy import func, select

from app.core.clock import utcnow
from app.integrations.smtp import transport_of
from app.mail.postman import Postman
from app.mail.wakeups import SEND
from app.models.public import MailRow
from app.settings import Settings
from app.webhooks.drain import Dispatcher
from app.webhooks.transport import WebhookTransport
from app.workers import mail as jobs
from app.workers.jobs import WorkerState
from tests.mail.servers import MailServer
from tests.mail.writing import mail, write
from tests.receivers import PATIENCE_SECONDS, eventually
from tests.working import working


@pytest.fixture
async def state(app: FastAPI, settings: Settings, server: MailServer) -> AsyncIterator[WorkerState]:
    """What the jobs of a worker share that sends to the server."""
    runtime = app.state.runtime
    async with AsyncExitStack() as stack:
        webhooks = await stack.enter_async_context(WebhookTransport(allow_loopback=True))
        dispatcher = Dispatcher(runtime.database, runtime.queue, runtime.keyring, webhooks)
        transport = transport_of(settings.model_copy(update={"smtp_url": server.url}))
        postman = Postman(runtime.database, runtime.keyring, transport, sender=settings.sender)
        await stack.enter_async_context(dispatcher)
        yield WorkerState(runtime, dispatcher, await stack.enter_async_context(postman))


async def one_arrives_at(server: MailServer) -> None:
    """Return once the server has been given a mail."""

    async def has_arrived() -> bool:
        return bool(server.received)

    await eventually(has_arrived)


@pytest.mark.usefixtures("redis")
class TestWork:
    async def test_sends_a_mail_once_the_change_is_committed(
        self, settings: Settings, app: FastAPI, server: MailServer
    ) -> None:
        async with working(settings.model_copy(update={"smtp_url": server.url})):
            await write(app, mail())
            await one_arrives_at(server)

    async def test_needs_only_the_wake_up_enqueued_before_the_commit(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, server: MailServer
    ) -> None:
        await write(app, mail())
        assert await redis.delete(f"arq:job:{SEND}") == 1
        await redis.zrem("arq:queue", SEND)
        async with working(settings.model_copy(update={"smtp_url": server.url})):
            await one_arrives_at(server)

    async def test_leaves_mails_in_the_data_where_there_is_no_server(
        self, tmp_path: Path, settings: Settings, app: FastAPI
    ) -> None:
        async def is_sent() -> bool:
            async with app.state.database.transaction() as session:
                return bool(await session.scalar(select(MailRow.status)) == "sent")

        async with working(settings.model_copy(update={"data_dir": tmp_path})):
            await write(app, mail())
            await eventually(is_sent)
        assert [path.suffix for path in sorted((tmp_path / "mail").iterdir())] == [".eml"]


class TestSweep:
    async def test_finds_what_nobody_was_woken_for(
        self, app: FastAPI, redis: ArqRedis, state: WorkerState, server: MailServer
    ) -> None:
        await write(app, mail())
        await redis.flushall()
        await jobs.sweep({"worker": state})
        await state.postman.settle(timeout_seconds=PATIENCE_SECONDS)
        assert len(server.received) == 1

    async def test_forgets_mails_after_thirty_days(self, app: FastAPI, state: WorkerState) -> None:
        now = utcnow()
        for age in (timedelta(days=29, hours=23), timedelta(days=30, hours=1)):
            await write(app, mail(), now=now - age)
        await jobs.sweep({"worker": state})
        async with app.state.database.transaction() as session:
            assert await session.scalar(select(func.min(MailRow.created_at))) == now - timedelta(days=29, hours=23)

    async def test_is_enqueued_once_for_each_minute_by_however_many_workers(self, redis: ArqRedis) -> None:
        now = utcnow()
        for _ in range(3):
            worker = arq.Worker(redis_pool=redis, cron_jobs=[jobs.every_minute()], handle_signals=False)
            for moment in (now, now + timedelta(minutes=1)):
                await worker.run_cron(moment, delay=0.5)
        assert [job.function for job in await redis.queued_jobs()] == [jobs.SWEEP]
