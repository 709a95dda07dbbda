"""Authenticator apps: six digits that change every half minute (RFC 6238), each of which counts once."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
import segno
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.models.public import TotpSecretRow

DIGITS = 6
_STEP_SECONDS = 30
_TOLERANCE = 1  # steps by which the phone's clock may be off, before or after


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app has to be told: by hand, by a link, by a picture."""

    secret: str
    otpauth_uri: str
    qr_svg: str


def new_enrolment(*, email: str, issuer: str) -> Enrolment:
    """A new secret of 160 bits."""
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    return Enrolment(secret, uri, segno.make(uri, micro=False).svg_inline(scale=5))


async def get(session: AsyncSession, user_id: UUID) -> TotpSecretRow | None:
    """The user's app, confirmed or not."""
    return (await session.scalars(select(TotpSecretRow).where(TotpSecretRow.user_id == user_id))).one_or_none()


async def use(session: AsyncSession, keyring: Keyring, row: TotpSecretRow, code: str, *, now: datetime) -> bool:
    """Use a code up, if it is the app's for this half minute, the one before or the one after.

    Of two who send the same code at once one succeeds.
    """
    step = _step_of(keyring.unseal(row.sealed), code, now, after=row.last_step)
    if step is None:
        return False
    statement = (
        update(TotpSecretRow)
        .where(TotpSecretRow.user_id == row.user_id, TotpSecretRow.last_step < step)
        .values(last_step=step)
        .returning(TotpSecretRow.user_id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


def _step_of(secret: str, code: str, now: datetime, *, after: int) -> int | None:
    """The latest unused step whose code this is."""
    current = int(now.timestamp()) // _STEP_SECONDS
    steps = range(max(current - _TOLERANCE, after + 1), current + _TOLERANCE + 1)
    expected = pyotp.TOTP(secret, digits=DIGITS, interval=_STEP_SECONDS)
    fitting = [step for step in steps if hmac.compare_digest(expected.generate_otp(step).encode(), code.encode())]
    return max(fitting, default=None)
