"""Endpoints that fail: their owners are warned, then nothing more is sent there, and they are told of that too."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.mail.messages import WebhookDisabled, WebhookFailing
from app.mail.outbox import Mail, send
from app.models.tenant import WebhookEndpointRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.people.staff import find_owners
from app.tenancy.mode import Mode
from app.webhooks.recording import WARNED_AFTER, Trouble

DISABLED_AFTER = timedelta(days=5)
NOTICE = timedelta(days=1)
"""The least between the warning and the end: an endpoint that hears of little may be warned late."""

GONE = "The endpoint answered 410 Gone."
FAILED = "The endpoint has failed for 5 days."


async def attend(
    session: AsyncSession, keyring: Keyring, trouble: Trouble, *, tenant_id: UUID, mode: Mode, now: datetime
) -> None:
    """Disable what is gone or has failed for too long, and warn of what has failed for long; tell the owners once.

    It is judged when an attempt fails, so an endpoint that nothing is sent to is left alone.
    """
    query = select(WebhookEndpointRow).where(
        WebhookEndpointRow.id.in_(trouble.gone | trouble.failing), WebhookEndpointRow.is_enabled
    )
    for row in await session.scalars(query.order_by(WebhookEndpointRow.id).with_for_update(key_share=True)):
        host = urlsplit(row.url).hostname or row.url  # the rest of the URL may hold a secret
        message: WebhookFailing | WebhookDisabled | None = None
        if (reason := _end_of(row, trouble, now=now)) is not None:
            row.is_enabled, row.disabled_reason, row.updated_at = False, reason, now
            message = WebhookDisabled(host=host, reason=reason, at=now)
        elif row.failing_since is not None and row.warned_at is None and row.failing_since <= now - WARNED_AFTER:
            row.warned_at = now
            ends_at = max(row.failing_since + DISABLED_AFTER, now + NOTICE)
            message = WebhookFailing(host=host, since=row.failing_since, ends_at=ends_at)
        if message is not None:
            await _tell(session, keyring, message, tenant_id=tenant_id, mode=mode, now=now)


def _end_of(row: WebhookEndpointRow, trouble: Trouble, *, now: datetime) -> str | None:
    """Why nothing more is to be sent there, if so."""
    if row.id in trouble.gone:
        return GONE
    if row.failing_since is None or row.warned_at is None:
        return None
    has_ended = row.failing_since <= now - DISABLED_AFTER and row.warned_at <= now - NOTICE
    return FAILED if has_ended else None


async def _tell(
    session: AsyncSession,
    keyring: Keyring,
    message: WebhookFailing | WebhookDisabled,
    *,
    tenant_id: UUID,
    mode: Mode,
    now: datetime,
) -> None:
    """Write to the owners, and put it among what they should know. A sandbox's mails are withheld."""
    if isinstance(message, WebhookFailing):
        kind, data = NotificationKind.WEBHOOK_FAILING, {"host": message.host, "ends_at": message.ends_at}
    else:
        kind, data = NotificationKind.WEBHOOK_DISABLED, {"host": message.host, "reason": message.reason}
    for owner in await find_owners(session, tenant_id):
        await send(session, keyring, Mail(owner.email, owner.name, message, tenant_id, mode), now=now)
        notify(session, owner.id, kind, data, now=now, is_sandbox=mode is Mode.SANDBOX)
