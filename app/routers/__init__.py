"""Every address the service answers at."""

from fastapi import FastAPI

from app.routers import (
    account,
    account_pages,
    appointments,
    audit,
    auth,
    availability,
    batch,
    blocks,
    business,
    class_sessions,
    customers,
    desk,
    developer_pages,
    documentation,
    domains,
    event_types,
    events,
    grants,
    guide_pages,
    health,
    host,
    invitations,
    live_tickets,
    masquerade,
    me,
    media,
    media_addresses,
    my_account,
    my_sessions,
    notifications,
    passkeys,
    pictures,
    platform_tickets,
    preferences,
    reference_pages,
    resources,
    sandbox,
    schedules,
    second_factor,
    services,
    sockets,
    staff,
    tickets,
    tokens,
    waitlist,
    webhook_deliveries,
    webhook_endpoints,
    webhook_replays,
)
from app.routers.platform import tenants, tiers, users
from app.routers.platform import tickets as support_tickets
from app.routers.routing import API_PREFIX, settle

# Matched in this order: the busiest first.
_MODULES = (
    appointments,
    availability,
    class_sessions,
    waitlist,
    tickets,
    desk,
    media,
    pictures,
    customers,
    services,
    resources,
    schedules,
    blocks,
    batch,
    auth,
    me,
    tokens,
    sandbox,
    notifications,
    live_tickets,
    preferences,
    host,
    business,
    domains,
    platform_tickets,
    staff,
    invitations,
    account,
    my_account,
    my_sessions,
    second_factor,
    passkeys,
    webhook_endpoints,
    webhook_deliveries,
    webhook_replays,
    events,
    event_types,
    masquerade,
    grants,
    audit,
    tenants,
    support_tickets,
    tiers,
    users,
    health,
    media_addresses,
    account_pages,
    documentation,
    guide_pages,
    reference_pages,
)


def register(app: FastAPI) -> None:
    """Hang all routes into the application, side by side."""
    for module in _MODULES:
        app.router.routes += module.router.routes
    settle(app.router.routes)
    app.add_api_websocket_route(f"{API_PREFIX}/ws", sockets.open_socket)
    documentation.mount_assets(app)
    account_pages.mount_assets(app)
    developer_pages.mount_assets(app)
