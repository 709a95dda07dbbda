"""Telling people of log-ins from where they have not been before."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.devices import Device, label_of
from app.core.crypto import Keyring
from app.mail.messages import NewDevice
from app.mail.outbox import Mail, send
from app.models.public import UserRow, UserSessionRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.mode import Mode


async def tell_if_new(session: AsyncSession, keyring: Keyring, user: UserRow, device: Device, *, now: datetime) -> None:
    """Write to a user who logs in with a device, or from a place, that none of their sessions had.

    The first log-in of all is no news.
    """
    query = (
        select(UserSessionRow.user_agent, UserSessionRow.place)
        .where(UserSessionRow.user_id == user.id, UserSessionRow.actor_id.is_(None))
        .distinct()
    )
    known = {(label_of(user_agent), place) for user_agent, place in await session.execute(query)}
    if not known or (device.label, device.place) in known:
        return
    message = NewDevice(device=device.label, place=device.place, ip_address=device.ip_address, at=now)
    await send(session, keyring, Mail(user.email, user.name, message, user.tenant_id, Mode.LIVE), now=now)
    data = {"device": device.label, "place": device.place, "ip_address": device.ip_address}
    notify(session, user.id, NotificationKind.NEW_DEVICE, data, now=now)
