"""Setting up an authenticator app for oneself, and giving it up."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth import recovery_codes, second_factor, second_factor_notices, totp
from app.auth.accounts import hold
from app.auth.principals import Principal
from app.auth.reauthentication import confirm_password
from app.auth.second_factor_schemas import TotpRemoval
from app.auth.throttle import SECOND_FACTOR, Throttle
from app.auth.totp import Enrolment
from app.core.crypto import Keyring
from app.errors import SecondFactorInvalid, SecondFactorMissing, SecondFactorPresent
from app.mail.branding import PLATFORM_NAME
from app.models.public import TotpSecretRow
from app.settings import Settings


async def begin(
    session: AsyncSession, keyring: Keyring, throttle: Throttle, principal: Principal, password: str, *, now: datetime
) -> Enrolment:
    """A new secret for the user's app. It counts once a first code has confirmed it, and only the latest can be.

    Raises PasswordWrong, TooManyAttempts and SecondFactorPresent.
    """
    user = await confirm_password(session, throttle, principal, password, now=now)
    row = await totp.get(session, user.id)
    if row is not None and row.confirmed_at is not None:
        raise SecondFactorPresent
    made = totp.new_enrolment(email=user.email, issuer=principal.tenant.name if principal.tenant else PLATFORM_NAME)
    fresh = TotpSecretRow(
        user_id=user.id, sealed=keyring.seal(made.secret), confirmed_at=None, last_step=0, created_at=now
    )
    await session.merge(fresh)
    return made


async def confirm(
    session: AsyncSession, keyring: Keyring, throttle: Throttle, principal: Principal, code: str, *, now: datetime
) -> list[str]:
    """Turn the app on by its first code: the recovery codes, shown this once.

    Raises SecondFactorInvalid, SecondFactorMissing, SecondFactorPresent and TooManyAttempts.
    """
    attempt = (SECOND_FACTOR, str(principal.user_id))
    await throttle.count(attempt, now=now)
    user = await hold(session, principal.user_id)
    row = await totp.get(session, principal.user_id)
    if user is None or row is None:
        raise SecondFactorMissing
    if row.confirmed_at is not None:
        raise SecondFactorPresent
    if not await totp.use(session, keyring, row, code, now=now):
        raise SecondFactorInvalid
    row.confirmed_at = now
    await throttle.forgive(session, attempt)
    record(session, AuditEvent.SECOND_FACTOR_ENABLED, about=Subject("user", user.id))
    await second_factor_notices.tell(session, keyring, user, "totp_added", now=now)
    return await recovery_codes.renew(session, keyring, user, now=now)


async def give_up(
    session: AsyncSession,
    keyring: Keyring,
    throttle: Throttle,
    settings: Settings,
    principal: Principal,
    data: TotpRemoval,
    *,
    now: datetime,
) -> None:
    """Remove the app and its recovery codes, by the password and one more code of either.

    Raises PasswordWrong, SecondFactorInvalid, SecondFactorMissing, TooManyAttempts, and EnrolmentRequired for whoever
    may not be without a second factor.
    """
    attempt = (SECOND_FACTOR, str(principal.user_id))
    await throttle.count(attempt, now=now)
    user = await confirm_password(session, throttle, principal, data.current_password, now=now)
    if not (await second_factor.overview(session, user.id)).totp:
        raise SecondFactorMissing
    if await second_factor.check(session, keyring, user.id, data.code, now=now) is None:
        record(session, AuditEvent.SECOND_FACTOR_DISABLED, about=Subject("user", user.id), result=Result.DENIED)
        raise SecondFactorInvalid
    await throttle.forgive(session, attempt)
    await second_factor.remove_app(session, user.id)
    await second_factor.require_left(session, settings, user)
    record(session, AuditEvent.SECOND_FACTOR_DISABLED, about=Subject("user", user.id))
    await second_factor_notices.tell(session, keyring, user, "totp_removed", now=now)


async def renew_codes(
    session: AsyncSession, keyring: Keyring, throttle: Throttle, principal: Principal, password: str, *, now: datetime
) -> list[str]:
    """New recovery codes in the place of the old ones, shown this once.

    Raises PasswordWrong, TooManyAttempts and SecondFactorMissing.
    """
    user = await confirm_password(session, throttle, principal, password, now=now)
    if not (await second_factor.overview(session, user.id)).totp:
        raise SecondFactorMissing
    await second_factor_notices.tell(session, keyring, user, "recovery_codes_made", now=now)
    return await recovery_codes.renew(session, keyring, user, now=now)
