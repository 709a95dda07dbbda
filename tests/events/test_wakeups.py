from pathlib import Path

from arq.connections import ArqRedis
from fastapi import FastAPI

from app.events.wakeups import DRAIN
from app.runtime import Runtime
from app.settings import Settings
from tests.actors import Business
from tests.emitting import emit

PATH = "/webhook-endpoints"


class TestWakeUps:
    async def test_of_one_second_share_a_job(self, app: FastAPI, redis: ArqRedis, business: Business) -> None:
        await business.make(PATH, {"url": "https://example.com/hook", "events": ["*"]})
        for _ in range(5):
            await emit(app, business)
        ids = [job.job_id for job in await redis.queued_jobs()]
        assert ids.count(f"{DRAIN}:{business.id}:live") == 1
        assert len(ids) < 5

    async def test_that_cannot_be_enqueued_do_not_keep_the_change_from_happening(
        self, tmp_path: Path, settings: Settings, business: Business
    ) -> None:
        await business.make(PATH, {"url": "https://example.com/hook", "events": ["*"]})
        own = settings.model_copy(update={"redis_url": f"unix://{tmp_path}/nobody.sock"})
        async with Runtime.of(own) as runtime:
            await emit(runtime, business)
        endpoint = (await business.owner.get(f"/api/v1{PATH}")).json()["items"][0]
        found = (await business.owner.get(f"/api/v1{PATH}/{endpoint['id']}/deliveries")).json()["items"]
        assert [each["status"] for each in found] == ["pending"]
