"""Logging in: by password, by what a second factor has to say, by passkey."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth import accounts, one_time_codes, passwords, second_factor, sessions
from app.auth.devices import Device
from app.auth.methods import Method
from app.auth.one_time_codes import Purpose
from app.auth.sessions import SignedIn
from app.auth.throttle import ACCOUNT, ADDRESS, SECOND_FACTOR, Throttle, address_of
from app.core.crypto import Keyring
from app.errors import CredentialsInvalid, LinkInvalid, SecondFactorInvalid
from app.models.public import OneTimeCodeRow, UserRow
from app.tenancy.hosts import Host

TRIES = 5
"""How many codes can be tried on one challenge."""


async def with_password(
    session: AsyncSession,
    keyring: Keyring,
    throttle: Throttle,
    host: Host,
    *,
    email: str,
    password: str,
    device: Device,
    now: datetime,
) -> SignedIn:
    """Start a session for a user of this host.

    Raises CredentialsInvalid, alike (and after the same work) for an unknown address, a wrong password and a
    deactivated user; SecondFactorRequired if the password is not enough; TooManyAttempts.
    """
    account, address = (ACCOUNT, f"{host.audience}:{email.lower()}"), (ADDRESS, address_of(device.ip_address))
    await throttle.count(account, address, now=now)
    found = await accounts.get(session, host, email)
    await session.close()  # hashes queue for a thread; whoever floods the log-in must not hold every connection too
    fits = await passwords.verify_password(password, found.password_hash if found else None)
    if found is None or not fits or not found.is_active:
        refuse(session, found, Method.PASSWORD, "The address, the password or the user is not valid.")
        raise CredentialsInvalid
    fresh = await passwords.hash_password(password) if passwords.is_outdated(found.password_hash) else None
    user = await accounts.hold(session, found.id)
    if user is None or user.password_hash != found.password_hash:  # changed since it was looked at
        refuse(session, found, Method.PASSWORD, "The user was changed meanwhile.")
        raise CredentialsInvalid
    user.password_hash = fresh or user.password_hash
    await throttle.forgive(session, account)
    await throttle.take_back(session, address)
    return await proceed(session, keyring, host, user, device, Method.PASSWORD, now=now)


async def proceed(
    session: AsyncSession,
    keyring: Keyring,
    host: Host,
    user: UserRow,
    device: Device,
    method: Method,
    *,
    now: datetime,
) -> SignedIn:
    """Start a session for a user who has shown one factor.

    Raises SecondFactorRequired, with a challenge, if the user has set up another.
    """
    factors = await second_factor.overview(session, user.id)
    if factors.methods:
        raise await second_factor.ask(session, keyring, user, factors, method, now=now)
    return await sessions.start(session, keyring, host, user, device, [method], now=now)


async def with_code(
    session: AsyncSession,
    keyring: Keyring,
    throttle: Throttle,
    host: Host,
    *,
    challenge: str,
    code: str,
    device: Device,
    now: datetime,
) -> SignedIn:
    """Start the session that a challenge stands before, by a code of the app or a recovery code.

    Raises LinkInvalid for a challenge that is over, SecondFactorInvalid, TooManyAttempts.
    """
    tenant_id, purpose = host.tenant.id if host.tenant else None, Purpose.SECOND_FACTOR
    _, user_id = await one_time_codes.peek(session, keyring, challenge, purpose, tenant_id=tenant_id, now=now)
    await session.close()  # the throttle has a connection of its own: nobody holds one while waiting for another
    attempt = (SECOND_FACTOR, str(user_id))
    await throttle.count(attempt, now=now)
    user = await accounts.hold(session, user_id)
    pending = await one_time_codes.require(session, keyring, purpose, challenge, tenant_id=tenant_id, now=now)
    if user is None:
        raise LinkInvalid
    method = await second_factor.check(session, keyring, user.id, code, now=now)
    if method is None:
        await _count_try(session, pending)
        refuse(session, user, Method.OTP, "The code was wrong.")
        raise SecondFactorInvalid
    await session.delete(pending)
    await throttle.forgive(session, attempt)
    methods = [*map(Method, pending.payload["methods"]), method]
    return await sessions.start(session, keyring, host, user, device, methods, now=now)


def refuse(session: AsyncSession, user: UserRow | None, method: Method, reason: str) -> None:
    """Tell the trail of a log-in that was refused, and whose it was if that is known: of nobody else a word."""
    record(
        session,
        AuditEvent.SESSION_REFUSED,
        about=Subject("user", user.id) if user else None,
        result=Result.DENIED,
        reason=reason,
        diff={"methods": [method]},
        user_id=user.id if user else None,
    )


async def _count_try(session: AsyncSession, pending: OneTimeCodeRow) -> None:
    tries = pending.payload["tries"] + 1
    pending.payload = pending.payload | {"tries": tries}
    if tries == TRIES:
        await session.delete(pending)
