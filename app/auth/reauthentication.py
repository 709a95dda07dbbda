"""Asking for the password again, before something that a stolen session must not do."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.passwords import verify_password
from app.auth.principals import Principal
from app.auth.throttle import PASSWORD_CHECK, Throttle
from app.errors import PasswordWrong
from app.models.public import UserRow


async def confirm_password(
    session: AsyncSession, throttle: Throttle, principal: Principal, password: str, *, now: datetime
) -> UserRow:
    """The caller's user, locked against changes elsewhere, if this is their password.

    Raises TooManyAttempts and PasswordWrong. To be called before anything else is asked of the session: it gives the
    connection back while it hashes.
    """
    attempt = (PASSWORD_CHECK, str(principal.user_id))
    await throttle.count(attempt, now=now)
    query = select(UserRow).where(UserRow.id == principal.user_id)
    stored = (await session.scalars(query)).one().password_hash
    await session.close()
    fits = await verify_password(password, stored)
    user = (await session.scalars(query.with_for_update(key_share=True))).one()
    if not fits or user.password_hash != stored:
        record(session, AuditEvent.PASSWORD_REFUSED, about=Subject("user", principal.user_id), result=Result.DENIED)
        raise PasswordWrong
    await throttle.forgive(session, attempt)
    return user
