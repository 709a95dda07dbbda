"""Where a business wants its events sent."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import ForUpdateArg

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.db.conditions import contains, equals, was_changed
from app.db.pages import Orders, find_page
from app.errors import FieldError, ValidationFailed, WebhookEndpointLimit, WebhookEndpointNotFound
from app.events.matching import subscriptions_matching
from app.events.wakeups import wake
from app.models.tenant import WebhookDeliveryRow, WebhookEndpointRow, WebhookReplayRow
from app.tenancy.tenant import home_of
from app.webhooks import event_types
from app.webhooks.destinations import DestinationError, validate_url
from app.webhooks.schemas import SecretRotate, WebhookEndpointCreate, WebhookEndpointFilters, WebhookEndpointUpdate
from app.webhooks.signature import new_secret

MOST_ENDPOINTS = 20
SWITCHED_OFF = "It was switched off."
_ORDERS: Orders = {
    "url": WebhookEndpointRow.url,
    "created_at": WebhookEndpointRow.created_at,
    "updated_at": WebhookEndpointRow.updated_at,
}


async def create(
    session: AsyncSession,
    actor: Principal,
    keyring: Keyring,
    data: WebhookEndpointCreate,
    *,
    allow_loopback: bool,
    now: datetime,
) -> tuple[WebhookEndpointRow, str]:
    """Make an endpoint; its secret is returned here and never again.

    Raises PermissionDenied for events about what the caller may not read, ValidationFailed for a URL that leads nowhere
    public, WebhookEndpointLimit for one endpoint too many.
    """
    event_types.require_readable(actor, data.events)
    url = _public(data.url, allow_loopback=allow_loopback)
    await _require_room(session)
    secret = new_secret()
    row = WebhookEndpointRow(
        id=uuid7(),
        url=url,
        events=sorted(set(data.events)),
        secret_sealed=keyring.seal(secret),
        is_enabled=True,
        disabled_reason=None,
        description=data.description,
        created_at=now,
        updated_at=now,
        **_kept(keyring, data.headers),
    )
    session.add(row)
    _record(session, AuditEvent.WEBHOOK_ENDPOINT_CREATED, row, changed({}, _told(row)))
    return row, secret


async def find(session: AsyncSession, filters: WebhookEndpointFilters) -> Page[WebhookEndpointRow]:
    """A page of the endpoints. Raises CursorInvalid."""
    query = select(WebhookEndpointRow).where(
        equals(WebhookEndpointRow.is_enabled, filters.is_enabled),
        contains(filters.q, WebhookEndpointRow.url, WebhookEndpointRow.description),
        was_changed(filters, WebhookEndpointRow.created_at, WebhookEndpointRow.updated_at),
    )
    if filters.event_type is not None:
        query = query.where(WebhookEndpointRow.events.overlap(subscriptions_matching(filters.event_type)))
    return await find_page(session, query, filters, _ORDERS, by=WebhookEndpointRow.id, ids=filters.ids)


async def require(session: AsyncSession, endpoint_id: UUID, *, for_update: bool = False) -> WebhookEndpointRow:
    """An endpoint. Raises WebhookEndpointNotFound."""
    lock = ForUpdateArg(key_share=True) if for_update else None  # as the worker locks it that disables it
    row = await session.get(WebhookEndpointRow, endpoint_id, with_for_update=lock)
    if row is None:
        raise WebhookEndpointNotFound(
            "There is no webhook endpoint {endpoint_id}.", params={"endpoint_id": endpoint_id}
        )
    return row


async def update(
    session: AsyncSession,
    actor: Principal,
    keyring: Keyring,
    endpoint_id: UUID,
    data: WebhookEndpointUpdate,
    *,
    allow_loopback: bool,
    now: datetime,
) -> WebhookEndpointRow:
    """Change an endpoint. One that is enabled again begins anew, and is sent at once what waits for it.

    Raises WebhookEndpointNotFound, PermissionDenied for another URL, other events or enabling if the caller may not
    read what the events are about, and ValidationFailed for a URL that leads nowhere public, or to another host than
    the headers were given for.
    """
    row = await require(session, endpoint_id, for_update=True)
    before, wanted = _told(row), changes(data)
    if "url" in wanted:
        wanted["url"] = _public(wanted["url"], allow_loopback=allow_loopback)
        if row.headers_sealed and "headers" not in wanted and _origin(wanted["url"]) != _origin(row.url):
            # Who may change the address could else have them sent to himself: nobody is shown what they say.
            wrong = FieldError("/headers", "must be given again for another host, or emptied", code="missing")
            raise ValidationFailed(errors=[wrong])
    if "events" in wanted:
        wanted["events"] = sorted(set(wanted["events"]))
    if "headers" in wanted:
        wanted |= _kept(keyring, wanted.pop("headers"))
    was = (row.url, row.events, row.is_enabled)
    was_enabled = row.is_enabled
    if apply(row, wanted):
        if (row.url, row.events, row.is_enabled) != was and row.is_enabled:
            event_types.require_readable(actor, row.events)
        row.updated_at = now
        if row.is_enabled != was_enabled:
            row.disabled_reason = None if row.is_enabled else SWITCHED_OFF
            row.failing_since = row.warned_at = None
        if row.is_enabled and not was_enabled:
            wake(session, home_of(session))
        _record(session, AuditEvent.WEBHOOK_ENDPOINT_CHANGED, row, changed(before, _told(row)))
    return row


async def rotate_secret(
    session: AsyncSession, keyring: Keyring, endpoint_id: UUID, data: SecretRotate, *, now: datetime
) -> tuple[WebhookEndpointRow, str]:
    """Give an endpoint a new secret, which is returned here and never again. The old one signs too for a while.

    One that was still signing from a rotation before that signs no more. Raises WebhookEndpointNotFound.
    """
    row = await require(session, endpoint_id, for_update=True)
    secret = new_secret()
    overlap = timedelta(seconds=data.overlap_seconds)
    row.previous_secret_sealed = row.secret_sealed if overlap else None
    row.previous_secret_expires_at = now + overlap if overlap else None
    row.secret_sealed = keyring.seal(secret)
    row.updated_at = now
    diff = changed({}, {"previous_secret_expires_at": row.previous_secret_expires_at})
    _record(session, AuditEvent.WEBHOOK_ENDPOINT_SECRET_ROTATED, row, diff)
    return row, secret


async def delete(session: AsyncSession, endpoint_id: UUID) -> None:
    """Delete an endpoint with its deliveries, those under way too. Raises WebhookEndpointNotFound."""
    row = await require(session, endpoint_id)
    # In the order in which the worker locks them, so that the two cannot deadlock.
    replays = select(WebhookReplayRow.id).where(WebhookReplayRow.endpoint_id == endpoint_id)
    await session.execute(replays.order_by(WebhookReplayRow.id).with_for_update())
    deliveries = select(WebhookDeliveryRow.id).where(WebhookDeliveryRow.endpoint_id == endpoint_id)
    await session.execute(deliveries.order_by(WebhookDeliveryRow.id).with_for_update())
    await session.delete(row)
    _record(session, AuditEvent.WEBHOOK_ENDPOINT_DELETED, row, changed(_told(row), {}))


async def _require_room(session: AsyncSession) -> None:
    # Whoever adds one at the same time waits here, and then counts ours: the count is a statement of its own.
    await session.execute(select(WebhookEndpointRow.id).order_by(WebhookEndpointRow.id).with_for_update(key_share=True))
    if (await session.scalar(select(func.count()).select_from(WebhookEndpointRow)) or 0) >= MOST_ENDPOINTS:
        raise WebhookEndpointLimit(
            "There are {count} webhook endpoints. Delete one that is no longer used.", params={"count": MOST_ENDPOINTS}
        )


def _public(url: str, *, allow_loopback: bool) -> str:
    try:
        return validate_url(url, allow_loopback=allow_loopback)
    except DestinationError as error:
        raise ValidationFailed(errors=[error.at("/url")]) from error


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _told(row: WebhookEndpointRow) -> dict[str, Any]:
    """What the audit trail recognises an endpoint by. Of its URL that is the host: the rest may hold a secret."""
    told = {"host": urlsplit(row.url).hostname, "events": row.events, "is_enabled": row.is_enabled}
    besides = {"description": row.description, "header_names": row.header_names, "headers": row.headers_sealed}
    return told | {name: value for name, value in besides.items() if value}


def _kept(keyring: Keyring, headers: dict[str, str]) -> dict[str, Any]:
    sealed = keyring.seal(orjson.dumps(headers).decode()) if headers else None
    return {"headers_sealed": sealed, "header_names": sorted(headers)}


def _record(session: AsyncSession, event: AuditEvent, row: WebhookEndpointRow, diff: dict[str, Any]) -> None:
    record(session, event, about=Subject("webhook_endpoint", row.id), diff=diff)
