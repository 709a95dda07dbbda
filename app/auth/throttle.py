"""Slowing down whoever guesses: at one account, or from one address.

An attempt is counted before it is looked at, so that many at once count as many. Success forgives the account.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

from sqlalchemy import delete, literal, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.db.session import Database
from app.errors import TooManyAttempts
from app.models.public import ThrottleRow

MEMORY = timedelta(hours=24)
LONGEST = timedelta(minutes=15)
_ADDRESS_PREFIX = 64
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""No wait. Not "until now": requests that began a little earlier would be refused."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many failures are free; each further one doubles the wait, from a second to a quarter of an hour."""

    purpose: str
    free: int

    def wait_after(self, failures: int) -> timedelta:
        """How long to wait after so many failures."""
        beyond = failures - self.free
        return min(timedelta(seconds=2 ** min(beyond, 30)), LONGEST) if beyond >= 0 else timedelta()


ACCOUNT = Allowance("account", free=5)
ADDRESS = Allowance("address", free=30)
SECOND_FACTOR = Allowance("second-factor", free=5)
PASSWORD_CHECK = Allowance("password-check", free=5)
MAIL = Allowance("mail", free=3)
MAIL_ADDRESS = Allowance("mail-address", free=20)

Attempt = tuple[Allowance, str]
"""An allowance, and whose it is: an account's host and e-mail address, an IP address, a user's id."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Counts attempts in a transaction of its own, so that no refusal undoes the count."""

    database: Database
    keyring: Keyring

    async def count(self, *attempts: Attempt, now: datetime) -> None:
        """Count an attempt in each of these. Raises TooManyAttempts, without counting, where one has to wait."""
        async with self.database.transaction() as session:
            for allowance, subject in sorted(attempts, key=lambda attempt: attempt[0].purpose):
                await self._count(session, allowance, subject, now)

    async def _count(self, session: AsyncSession, allowance: Allowance, subject: str, now: datetime) -> None:
        key = self._key(allowance, subject)
        row = await self._locked(session, key, now)
        if row.blocked_until > now:
            raise TooManyAttempts(retry_after=ceil((row.blocked_until - now).total_seconds()))
        row.failures = row.failures + 1 if row.last_failed_at > now - MEMORY else 1
        row.last_failed_at = now
        wait = allowance.wait_after(row.failures)
        row.blocked_until = now + wait if wait else _LONG_AGO

    async def _locked(self, session: AsyncSession, key: bytes, now: datetime) -> ThrottleRow:
        statement = (
            insert(ThrottleRow)
            .values(key=key, failures=0, last_failed_at=now, blocked_until=_LONG_AGO)
            .on_conflict_do_update(
                index_elements=[ThrottleRow.key], set_={"failures": ThrottleRow.failures + literal(0)}
            )
            .returning(ThrottleRow)
        )
        return (await session.scalars(statement)).one()

    async def forgive(self, session: AsyncSession, *attempts: Attempt) -> None:
        """Forget the failures, in the caller's transaction."""
        keys = [self._key(allowance, subject) for allowance, subject in attempts]
        await session.execute(delete(ThrottleRow).where(ThrottleRow.key.in_(keys)))

    async def take_back(self, session: AsyncSession, *attempts: Attempt) -> None:
        """Count these attempts as none, in the caller's transaction: what has failed before stays.

        So one good account does not make an address trusted, and many good people behind one do not fill its account.
        """
        keys = [self._key(allowance, subject) for allowance, subject in attempts]
        await session.execute(
            update(ThrottleRow)
            .where(ThrottleRow.key.in_(keys), ThrottleRow.failures > 0)
            .values(failures=ThrottleRow.failures - 1, blocked_until=_LONG_AGO)
        )

    def _key(self, allowance: Allowance, subject: str) -> bytes:
        return self.keyring.digest(f"throttle:{allowance.purpose}:{subject}")


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Delete what is no longer remembered."""
    await session.execute(delete(ThrottleRow).where(ThrottleRow.last_failed_at <= now - MEMORY))


def address_of(ip: str | None) -> str:
    """Whose address it is: of IPv6 the /64, since every customer of a provider has one whole."""
    try:
        address = ip_address(ip or "")
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address, _ADDRESS_PREFIX), strict=False))
