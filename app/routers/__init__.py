"""Every address the service answers at."""

from fastapi import APIRouter, FastAPI

from app.routers import (
    auth,
    blocks,
    customers,
    documentation,
    health,
    resources,
    schedules,
    services,
    tokens,
    webhook_endpoints,
)
from app.routers.platform import tenants

API_PREFIX = "/api/v1"


def register(app: FastAPI) -> None:
    """Hang all routers into the application."""
    api = APIRouter(prefix=API_PREFIX)
    for module in (auth, tokens, tenants, services, resources, schedules, blocks, customers, webhook_endpoints):
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(documentation.router)
    documentation.mount_assets(app)
