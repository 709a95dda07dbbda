"""Recovery codes: each is good for one log-in without the authenticator app."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.core.crypto import Keyring
from app.models.public import RecoveryCodeRow, UserRow

COUNT = 10
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # what cannot be taken for something else in handwriting
_GROUPS, _OF_LENGTH = 4, 7  # 138 bits


async def renew(session: AsyncSession, keyring: Keyring, user: UserRow, *, now: datetime) -> list[str]:
    """Ten new codes, of which only digests are kept. Those before are void."""
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user.id))
    codes = [_new_code() for _ in range(COUNT)]
    session.add_all(
        RecoveryCodeRow(digest=_digest(keyring, user.id, code), user_id=user.id, created_at=now) for code in codes
    )
    record(session, AuditEvent.RECOVERY_CODES_MADE, about=Subject("user", user.id), diff={"count": COUNT})
    return codes


async def use(session: AsyncSession, keyring: Keyring, user_id: UUID, code: str) -> bool:
    """Use a code up, if it is one of the user's."""
    statement = (
        delete(RecoveryCodeRow)
        .where(RecoveryCodeRow.digest == _digest(keyring, user_id, code), RecoveryCodeRow.user_id == user_id)
        .returning(RecoveryCodeRow.digest)
    )
    return (await session.scalars(statement)).one_or_none() is not None


def _new_code() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_OF_LENGTH)) for _ in range(_GROUPS))


def _digest(keyring: Keyring, user_id: UUID, code: str) -> bytes:
    """Keyed with the installation's secret, and the same however somebody types the code."""
    plain = "".join(each for each in code.lower() if each.isalnum())
    return keyring.digest(f"recovery:{user_id.hex}:{plain}")
