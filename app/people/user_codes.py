"""Codes from mails that belong to a user: redeemed with the user locked."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.one_time_codes import Purpose, peek, redeem
from app.core.crypto import Keyring
from app.errors import LinkInvalid
from app.models.public import OneTimeCodeRow, UserRow
from app.people import users
from app.tenancy.tenant import Tenant


async def redeem_of_user(
    session: AsyncSession, keyring: Keyring, tenant: Tenant | None, code: str, *purposes: Purpose, now: datetime
) -> tuple[OneTimeCodeRow, UserRow]:
    """Use up a code that is good for one of these, and whose it is. Raises LinkInvalid.

    The user is locked before the code is, as by everything that withdraws codes: so nobody waits in a circle.
    """
    tenant_id = tenant.id if tenant else None
    purpose, user_id = await peek(session, keyring, code, *purposes, tenant_id=tenant_id, now=now)
    user = await users.lock(session, user_id) if user_id else None
    row = await redeem(session, keyring, purpose, code, tenant_id=tenant_id, now=now)
    if user is None or not user.is_active:
        raise LinkInvalid
    return row, user
