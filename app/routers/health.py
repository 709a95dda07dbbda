"""Whether the process is up, and whether it can serve."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from app.core.schemas import ResponseModel
from app.routers.routing import operation_id
from app.tenancy.readiness import migrations_at_head

router = APIRouter(tags=["Health"], generate_unique_id_function=operation_id)


class Health(ResponseModel):
    status: Literal["ok"]


class Readiness(ResponseModel):
    status: Literal["ready", "not ready"]
    database: bool
    redis: bool
    migrations: bool
    """Whether the database's schemas are at the head of both chains."""


@router.get("/healthz", summary="Is the process alive")
async def check_health() -> Health:
    """Answers as long as the process runs; asks nothing of anybody else."""
    return Health(status="ok")


@router.get("/readyz", summary="Can the process serve", responses={503: {"model": Readiness}})
async def check_readiness(request: Request, response: Response) -> Readiness:
    """200 when the database and Redis answer and every migration has been applied, else 503 saying what is missing."""
    runtime = request.app.state.runtime
    migrations = await migrations_at_head(runtime.database)
    redis = await runtime.queue.ping()
    ready = bool(migrations) and redis
    response.status_code = 200 if ready else 503
    return Readiness(
        status="ready" if ready else "not ready",
        database=migrations is not None,
        redis=redis,
        migrations=bool(migrations),
    )
