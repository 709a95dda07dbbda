import asyncio
import os
import pickle
import signal
import sys
import time
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI
from standardwebhooks import Webhook

from app.development import valkey
from app.events.wakeups import DRAIN
from app.runtime import Runtime
from app.settings import Settings
from tests.actors import Business
from tests.emitting import emit
from tests.receivers import PATIENCE_SECONDS, Receiver, eventually, receiving
from tests.working import working

PATH = "/webhook-endpoints"


class Trap:
    """Makes a directory wherever it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return os.mkdir, (self.path,)


@pytest.mark.usefixtures("redis")
class TestWork:
    async def test_delivers_what_the_official_verifier_accepts(
        self, settings: Settings, app: FastAPI, business: Business, receiver: Receiver
    ) -> None:
        made = await business.make(PATH, {"url": receiver.url, "events": ["appointment.created"]})
        async with working(settings):
            await emit(app, business, data={"customer": "Zoë"})
            (message,) = await receiver.wait_for(1)
        verified = Webhook(made["secret"]).verify(message.body, dict(message.headers))
        assert verified["type"] == "appointment.created"
        assert verified["data"] == {"customer": "Zoë"}

    async def test_takes_what_was_enqueued_before_it_started(
        self, settings: Settings, app: FastAPI, business: Business, receiver: Receiver
    ) -> None:
        await business.make(PATH, {"url": receiver.url, "events": ["*"]})
        await emit(app, business)
        async with working(settings):
            await receiver.wait_for(1)

    async def test_needs_only_the_wake_up_enqueued_before_the_commit(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business, receiver: Receiver
    ) -> None:
        await business.make(PATH, {"url": receiver.url, "events": ["*"]})
        await emit(app, business)
        assert await redis.delete(f"arq:job:{DRAIN}:{business.id}:live") == 1
        await redis.zrem("arq:queue", f"{DRAIN}:{business.id}:live")
        async with working(settings):
            await receiver.wait_for(1)

    async def test_defers_a_wake_up_to_the_next_attempt(
        self, settings: Settings, app: FastAPI, redis: ArqRedis, business: Business
    ) -> None:
        async with receiving() as gone:
            endpoint = await business.make(PATH, {"url": gone.url, "events": ["*"]})
        await emit(app, business)
        path = f"/api/v1{PATH}/{endpoint['id']}/deliveries"

        async def has_failed() -> bool:
            (delivery,) = (await business.owner.get(path)).json()["items"]
            return bool(delivery["attempts"])

        async with working(settings):
            await eventually(has_failed)
        jobs = await redis.queued_jobs()
        (delivery,) = (await business.owner.get(path)).json()["items"]
        due_at = datetime.fromisoformat(delivery["next_attempt_at"])
        later = [job for job in jobs if job.job_id == f"{DRAIN}:{business.id}:live:{int(due_at.timestamp()) + 1}"]
        assert [(job.function, tuple(job.args)) for job in later] == [(DRAIN, (business.id, "live"))]

    async def test_runs_nothing_that_somebody_pickled_into_redis(
        self, tmp_path: Path, settings: Settings, redis: ArqRedis
    ) -> None:
        await redis.set("arq:job:trap", pickle.dumps(Trap(tmp_path / "sprung")))
        await redis.zadd("arq:queue", {"trap": int(time.time() * 1000)})

        async def is_gone() -> bool:
            return await redis.zscore("arq:queue", "trap") is None

        async with working(settings):
            await eventually(is_gone)
        assert not (tmp_path / "sprung").exists()

    async def test_outlives_the_queue(
        self, tmp_path: Path, settings: Settings, business: Business, receiver: Receiver
    ) -> None:
        await business.make(PATH, {"url": receiver.url, "events": ["*"]})
        run = partial(valkey.running, tmp_path / "valkey", sockets=tmp_path / "sockets", log=tmp_path / "valkey.log")
        async with AsyncExitStack() as worker:
            with run() as server:
                own = settings.model_copy(update={"redis_url": server.url})
                await worker.enter_async_context(working(own))
                async with Runtime.of(own) as runtime:
                    await emit(runtime, business)
                await receiver.wait_for(1)
            with run() as server:
                assert server.url == own.redis_url
                async with Runtime.of(own) as runtime:
                    await emit(runtime, business)
                await receiver.wait_for(2)
                await worker.aclose()

    async def test_ends_well_by_sigterm(self, settings: Settings) -> None:
        program = "import logging; from app.settings import Settings; from app.workers.process import run_worker; "
        program += "logging.basicConfig(level='INFO'); run_worker(Settings(_env_file=None))"
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            env={
                **os.environ,
                "DATABASE_URL": settings.database_url,
                "REDIS_URL": settings.redis_url,
                "LOG_DIR": str(settings.log_dir),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        assert worker.stderr is not None
        log = b""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while b"Starting worker" not in log:
                log += await worker.stderr.readline()
            worker.send_signal(signal.SIGTERM)
            _, rest = await worker.communicate()
        assert worker.returncode == 0
        assert b"Traceback" not in rest
