"""The end of demo accounts: their owners are warned, and what has ended is erased."""

import logging
from typing import Any

from arq.cron import CronJob, cron

from app.businesses import demos
from app.core.clock import utcnow
from app.workers.jobs import WorkerState

END_DEMOS = "demos.end"

_TIMEOUT_SECONDS = 600
_MINUTE = 7  # of the hour, when nothing else is due
_log = logging.getLogger(__name__)


async def end_demos(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:
    """Tell the owners of demos that end soon; erase those that have ended, each in a transaction of its own.

    What fails, or is cut short, is left as it was for the next time.
    """
    worker: WorkerState = ctx["worker"]
    database = worker.runtime.database
    now = utcnow()
    async with database.transaction() as session:
        await demos.warn_owners(session, now=now)
        ended = await demos.find_ended(session, now=now)
    for tenant_id in ended:
        try:
            async with database.transaction() as session:
                await demos.erase_ended(session, tenant_id, now=now)
        except Exception:  # noqa: BLE001 — whatever keeps one of them, the others go
            _log.exception("the demo %s could not be erased", tenant_id)


def every_hour() -> CronJob:
    """The job as arq's, run by one of the workers."""
    return cron(end_demos, name=END_DEMOS, minute=_MINUTE, second=0, timeout=_TIMEOUT_SECONDS, unique=True)
