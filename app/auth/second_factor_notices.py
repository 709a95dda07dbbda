"""Telling people that what their log-in asks for has changed."""

from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tags import user_tag
from app.core.crypto import Keyring
from app.db.invalidation import announce
from app.mail.messages import SecondFactorChanged
from app.mail.outbox import Mail, send
from app.models.public import UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.mode import Mode

Change = Literal["totp_added", "totp_removed", "totp_reset", "recovery_codes_made", "passkey_added", "passkey_removed"]


async def tell(session: AsyncSession, keyring: Keyring, user: UserRow, change: Change, *, now: datetime) -> None:
    """Write to the user, and have their principals looked up anew: some may do nothing without a second factor."""
    message = SecondFactorChanged(change=change, at=now)
    await send(session, keyring, Mail(user.email, user.name, message, user.tenant_id, Mode.LIVE), now=now)
    notify(session, user.id, NotificationKind.SECOND_FACTOR_CHANGED, {"change": change}, now=now)
    announce(session, user_tag(user.id))
