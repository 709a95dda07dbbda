"""Every address the service answers at."""

from fastapi import APIRouter, FastAPI

from app.routers import auth, documentation, health, tokens
from app.routers.platform import tenants

API_PREFIX = "/api/v1"


def register(app: FastAPI) -> None:
    """Hang all routers into the application."""
    api = APIRouter(prefix=API_PREFIX)
    for module in (auth, tokens, tenants):
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(documentation.router)
    documentation.mount_assets(app)
