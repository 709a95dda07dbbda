"""What the job queue holds, and what its jobs have failed of: for whoever looks after it.

The latest failures are kept in the queue's own server. They are no loss with it: what the job was to do stands in the
database, and is done by the next one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from arq.connections import ArqRedis
from arq.constants import default_queue_name, in_progress_key_prefix

MOST_FAILURES = 200
_MOST_SHOWN = 100
_FAILURES = "smoothschedule:failures"


@dataclass(frozen=True, slots=True)
class QueuedJob:
    id: str
    due_at: datetime
    is_running: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that raised: what, when, at which attempt and why."""

    job: str
    job_id: str
    attempt: int
    failed_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs there are and how many of them are due; the first hundred of them, and the latest failures."""

    length: int
    due: int
    jobs: list[QueuedJob]
    failures: list[Failure]


async def read_state(pool: ArqRedis, *, now: datetime) -> QueueState:
    """The queue as it is. Raises RedisError."""
    milliseconds = now.timestamp() * 1000
    async with pool.pipeline(transaction=False) as asked:
        asked.zcard(default_queue_name)
        asked.zcount(default_queue_name, "-inf", milliseconds)
        asked.zrange(default_queue_name, 0, _MOST_SHOWN - 1, withscores=True)
        asked.lrange(_FAILURES, 0, MOST_FAILURES - 1)
        length, due, first, failures = await asked.execute()
    running = await _running(pool, [job_id for job_id, _ in first])
    jobs = [
        QueuedJob(job_id.decode(), datetime.fromtimestamp(score / 1000, UTC), is_running)
        for (job_id, score), is_running in zip(first, running, strict=True)
    ]
    return QueueState(length, due, jobs, [_decoded(each) for each in failures])


async def _running(pool: ArqRedis, job_ids: list[bytes]) -> list[bool]:
    async with pool.pipeline(transaction=False) as asked:
        for job_id in job_ids:
            asked.exists(in_progress_key_prefix.encode() + job_id)
        return [bool(each) for each in await asked.execute()]


async def keep_failure(pool: ArqRedis, failure: Failure) -> None:
    """Remember a failure, and forget the oldest beyond the latest 200. Raises RedisError."""
    async with pool.pipeline(transaction=True) as asked:
        asked.lpush(_FAILURES, orjson.dumps(failure))
        asked.ltrim(_FAILURES, 0, MOST_FAILURES - 1)
        await asked.execute()


def _decoded(kept: bytes) -> Failure:
    known = orjson.loads(kept)
    return Failure(**{**known, "failed_at": datetime.fromisoformat(known["failed_at"])})
