"""Codes that let their holder do one thing once: by a link in a mail, by a hand-over, as the answer to a challenge."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.errors import LinkInvalid
from app.models.public import OneTimeCodeRow

_BYTES = 32


class Purpose(StrEnum):
    """What a code is good for. It is good for nothing else."""

    SECOND_FACTOR = "second_factor"
    PASSKEY_REGISTRATION = "passkey_registration"
    PASSKEY_LOG_IN = "passkey_log_in"
    MASQUERADE = "masquerade"
    LIVE_SOCKET = "live_socket"
    SIGN_UP = "sign_up"
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL_OLD = "change_email_old"
    CHANGE_EMAIL_NEW = "change_email_new"
    RESET_PASSWORD = "reset_password"  # noqa: S105 — the name of a purpose # nosec B105


async def issue(
    session: AsyncSession,
    keyring: Keyring,
    purpose: Purpose,
    *,
    ttl: timedelta,
    now: datetime,
    user_id: UUID | None = None,
    tenant_id: UUID | None = None,
    payload: dict[str, Any] | None = None,
) -> str:
    """A new code of 256 random bits. Only its keyed digest is kept; the payload must hold no secret in the clear."""
    code = secrets.token_urlsafe(_BYTES)
    session.add(
        OneTimeCodeRow(
            digest=_digest(keyring, purpose, code),
            purpose=purpose,
            tenant_id=tenant_id,
            user_id=user_id,
            payload=payload or {},
            expires_at=now + ttl,
            created_at=now,
        )
    )
    await session.flush()
    return code


async def redeem(
    session: AsyncSession, keyring: Keyring, purpose: Purpose, code: str, *, tenant_id: UUID | None, now: datetime
) -> OneTimeCodeRow:
    """Use a code up at the business (or, without one, the platform) it was made for. Raises LinkInvalid.

    Two who hold the same code cannot both succeed: the second one waits for the first, and finds nothing.
    """
    fitting = _good_for(keyring, purpose, code, tenant_id, now)
    statement = delete(OneTimeCodeRow).where(*fitting).returning(OneTimeCodeRow)
    row = (await session.scalars(statement)).one_or_none()
    if row is None:
        raise LinkInvalid
    return row


async def require(
    session: AsyncSession, keyring: Keyring, purpose: Purpose, code: str, *, tenant_id: UUID | None, now: datetime
) -> OneTimeCodeRow:
    """A code as `redeem` would take it, locked and not used up. Raises LinkInvalid."""
    query = select(OneTimeCodeRow).where(*_good_for(keyring, purpose, code, tenant_id, now)).with_for_update()
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise LinkInvalid
    return row


async def peek(
    session: AsyncSession, keyring: Keyring, code: str, *purposes: Purpose, tenant_id: UUID | None, now: datetime
) -> tuple[Purpose, UUID | None]:
    """For which of these purposes a code is good at this place, and whose it is; it stays good. Raises LinkInvalid.

    So that whoever has to lock the user can do it before the code is used up: every other way goes in that order.
    """
    query = select(OneTimeCodeRow.purpose, OneTimeCodeRow.user_id).where(
        OneTimeCodeRow.digest.in_([_digest(keyring, purpose, code) for purpose in purposes]),
        OneTimeCodeRow.tenant_id == tenant_id,
        OneTimeCodeRow.expires_at > now,
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise LinkInvalid
    return Purpose(row.purpose), row.user_id


async def withdraw(session: AsyncSession, user_id: UUID, *purposes: Purpose) -> None:
    """Make the user's open codes for these purposes worthless."""
    await session.execute(
        delete(OneTimeCodeRow).where(OneTimeCodeRow.user_id == user_id, OneTimeCodeRow.purpose.in_(purposes))
    )


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Delete what has expired."""
    await session.execute(delete(OneTimeCodeRow).where(OneTimeCodeRow.expires_at <= now))


def _good_for(
    keyring: Keyring, purpose: Purpose, code: str, tenant_id: UUID | None, now: datetime
) -> tuple[ColumnElement[bool], ...]:
    return (
        OneTimeCodeRow.digest == _digest(keyring, purpose, code),
        OneTimeCodeRow.purpose == purpose,
        OneTimeCodeRow.tenant_id == tenant_id,
        OneTimeCodeRow.expires_at > now,
    )


def _digest(keyring: Keyring, purpose: Purpose, code: str) -> bytes:
    return keyring.digest(f"{purpose}:{code}")
