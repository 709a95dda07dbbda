"""Letting somebody in who has come by a link from a mail."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import second_factor, sessions
from app.auth.devices import Device
from app.auth.methods import Method
from app.auth.sessions import SignedIn
from app.core.crypto import Keyring
from app.models.public import UserRow
from app.tenancy.hosts import Host


async def let_in(
    session: AsyncSession, keyring: Keyring, host: Host, user: UserRow, device: Device, *, now: datetime
) -> SignedIn | None:
    """A session for whoever read the user's mail; None if the user has a second factor, which no mail stands in for."""
    if (await second_factor.overview(session, user.id)).methods:
        return None
    return await sessions.start(session, keyring, host, user, device, [Method.LINK], now=now)
