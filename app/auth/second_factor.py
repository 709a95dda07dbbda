"""What a user's log-in asks for beside the password: which factors there are, asking for one, taking them away."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth import one_time_codes, recovery_codes, second_factor_notices, session_list, totp
from app.auth.methods import Method
from app.auth.one_time_codes import Purpose
from app.auth.roles import Role
from app.core.crypto import Keyring
from app.errors import EnrolmentRequired, SecondFactorMissing, SecondFactorRequired, UserNotFound
from app.models.public import PasskeyRow, RecoveryCodeRow, TotpSecretRow, UserRow
from app.settings import Settings

CHALLENGE_TTL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Factors:
    """What a user can show beside the password."""

    totp: bool
    recovery_codes_left: int
    passkeys: int

    @property
    def methods(self) -> list[str]:
        """The ways to answer a challenge; none without a second factor."""
        app = [("totp", self.totp), ("recovery_code", self.totp and self.recovery_codes_left > 0)]
        return [name for name, has in [*app, ("passkey", self.passkeys > 0)] if has]


async def overview(session: AsyncSession, user_id: UUID) -> Factors:
    """The user's factors, in one statement."""
    confirmed = (TotpSecretRow.user_id == user_id) & TotpSecretRow.confirmed_at.is_not(None)
    counts = [
        select(func.count()).where(condition).scalar_subquery()
        for condition in (confirmed, RecoveryCodeRow.user_id == user_id, PasskeyRow.user_id == user_id)
    ]
    has_totp, codes, passkeys = (await session.execute(select(*counts))).one()
    return Factors(has_totp > 0, codes, passkeys)


async def ask(
    session: AsyncSession, keyring: Keyring, user: UserRow, factors: Factors, method: Method, *, now: datetime
) -> SecondFactorRequired:
    """The problem that asks for a second factor, with a challenge for it, after this first one."""
    challenge = await one_time_codes.issue(
        session,
        keyring,
        Purpose.SECOND_FACTOR,
        ttl=CHALLENGE_TTL,
        now=now,
        user_id=user.id,
        tenant_id=user.tenant_id,
        payload={"methods": [method], "tries": 0},
    )
    expires_in = int(CHALLENGE_TTL.total_seconds())
    params = {"challenge": challenge, "methods": factors.methods, "expires_in": expires_in}
    return SecondFactorRequired(params=params)


async def check(session: AsyncSession, keyring: Keyring, user_id: UUID, code: str, *, now: datetime) -> Method | None:
    """Use up a code of the user's app, or a recovery code; as what it counted, or None if it is neither."""
    plain = code.replace(" ", "")
    if not (plain.isdecimal() and len(plain) == totp.DIGITS):
        is_used = await recovery_codes.use(session, keyring, user_id, plain)
        return Method.RECOVERY_CODE if is_used else None
    row = await totp.get(session, user_id)
    is_used = row is not None and row.confirmed_at is not None and await totp.use(session, keyring, row, plain, now=now)
    return Method.OTP if is_used else None


async def remove_app(session: AsyncSession, user_id: UUID) -> None:
    """Forget the user's authenticator app, with the recovery codes that stand in for it."""
    await session.execute(delete(TotpSecretRow).where(TotpSecretRow.user_id == user_id))
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id))


async def require_left(session: AsyncSession, settings: Settings, user: UserRow) -> None:
    """See that whoever may not be without a second factor still has one. Raises EnrolmentRequired."""
    if not (settings.wants_second_factor and Role(user.role).is_platform):
        return
    if not (await overview(session, user.id)).methods:
        raise EnrolmentRequired("Your role may only be used with a second factor. Set up another one before.")


async def reset(session: AsyncSession, keyring: Keyring, user_id: UUID, *, now: datetime) -> None:
    """Take away all of a user's second factors for them, and end their sessions: from here on the password is enough.

    Raises UserNotFound, and SecondFactorMissing if there is nothing to take away.
    """
    user = await session.get(UserRow, user_id, with_for_update={"key_share": True})
    if user is None:
        raise UserNotFound
    if not (await overview(session, user_id)).methods:
        raise SecondFactorMissing("There is no second factor to remove.")
    await remove_app(session, user_id)
    await session.execute(delete(PasskeyRow).where(PasskeyRow.user_id == user_id))
    await session_list.end_all(session, user_id, now=now)
    record(session, AuditEvent.SECOND_FACTOR_RESET, about=Subject("user", user_id), tenant_id=user.tenant_id)
    await second_factor_notices.tell(session, keyring, user, "totp_reset", now=now)
