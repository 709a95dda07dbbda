"""Every address the service answers at."""

from fastapi import FastAPI

from app.routers import (
    appointments,
    auth,
    availability,
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

# Matched in this order: the busiest first.
_MODULES = (
    appointments,
    availability,
    customers,
    services,
    resources,
    schedules,
    blocks,
    auth,
    tokens,
    webhook_endpoints,
    tenants,
    health,
    documentation,
)


def register(app: FastAPI) -> None:
    """Hang all routes into the application, side by side."""
    for module in _MODULES:
        app.router.routes += module.router.routes
    documentation.mount_assets(app)
