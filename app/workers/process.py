"""The worker process: takes jobs from the queue until it is told to stop."""

import asyncio
import gc
import logging
import signal
from contextlib import AsyncExitStack, suppress
from typing import Any

import arq
import uvloop
from arq.cron import CronJob
from redis.exceptions import RedisError

from app.audit.recording import ORIGIN
from app.core.logs import REQUEST_ID
from app.integrations.queue import connect, decode_job, encode_job
from app.integrations.smtp import transport_of
from app.mail.postman import Postman
from app.runtime import Runtime
from app.settings import Settings
from app.webhooks.drain import Dispatcher
from app.webhooks.transport import WebhookTransport
from app.workers import demos, domains, mail, media, sweeper, webhooks
from app.workers.failures import watched
from app.workers.jobs import WorkerState
from app.workers.mailroom import mailroom

MOST_JOBS = 50
POLL_SECONDS = 0.05  # between a commit and the worker hearing of it
HEALTH_SECONDS = 30
LAST_JOBS_SECONDS = 5.0
RECONNECT_SECONDS = 1.0

_log = logging.getLogger(__name__)


def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what is under way, for some seconds at most."""
    gc.freeze()  # what was imported stays: a third of a delivery's time went into looking at it again and again
    uvloop.run(_run_until_signalled(settings))


async def _run_until_signalled(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(settings, stop)


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Take jobs until `stop` is set. A queue that goes away is waited for; what is being sent goes on meanwhile."""
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(Runtime.of(settings))
        transport = await stack.enter_async_context(WebhookTransport(allow_loopback=settings.webhook_allow_loopback))
        dispatcher = await stack.enter_async_context(
            Dispatcher(runtime.database, runtime.queue, runtime.keyring, transport)
        )
        postman = await stack.enter_async_context(
            Postman(runtime.database, runtime.keyring, transport_of(settings), sender=settings.sender)
        )
        await stack.enter_async_context(mailroom(runtime))
        worker = WorkerState(runtime, dispatcher, postman)
        while not stop.is_set():
            try:
                await _take_jobs(worker, stop)
            except (RedisError, OSError):
                _log.warning("the queue is out of reach", exc_info=True)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), RECONNECT_SECONDS)


async def _take_jobs(worker: WorkerState, stop: asyncio.Event) -> None:
    """Run arq's loop until `stop` is set. Raises RedisError or OSError if the queue goes away."""
    pool = await connect(worker.runtime.settings.redis_url)
    taker = arq.Worker(
        functions=[watched(job) for job in (webhooks.drain, webhooks.replay, mail.send, domains.check, media.clean)],
        cron_jobs=[watched(job) for job in _cron_jobs()],
        redis_pool=pool,
        job_serializer=encode_job,
        job_deserializer=decode_job,
        ctx={"worker": worker},
        on_job_start=_name_job,
        handle_signals=False,
        max_jobs=MOST_JOBS,
        poll_delay=POLL_SECONDS,
        keep_result=0,
        health_check_interval=HEALTH_SECONDS,
    )
    running = asyncio.create_task(taker.async_run(), name="arq")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
    finally:
        taker.allow_pick_jobs = False
        if taker.tasks:
            await asyncio.wait(taker.tasks.values(), timeout=LAST_JOBS_SECONDS)
        await _end([running, stopping, *taker.tasks.values()])
        with suppress(RedisError, OSError):
            async with asyncio.timeout(RECONNECT_SECONDS):
                await pool.aclose()


def _cron_jobs() -> list[CronJob]:
    return [sweeper.every_minute(), mail.every_minute(), media.every_five_minutes(), demos.every_hour()]


async def _name_job(ctx: dict[Any, Any]) -> None:
    """Have what the job logs and records bear its id."""
    REQUEST_ID.set(ctx["job_id"])
    ORIGIN.set("JOB")


async def _end(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel the tasks until they have ended: the queue's client may swallow a cancellation as it reconnects."""
    while remaining := [task for task in tasks if not task.done()]:
        for task in remaining:
            task.cancel()
        await asyncio.wait(remaining, timeout=RECONNECT_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
