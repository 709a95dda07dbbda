"""Writing to people about their accounts: the links they get, and how often somebody can be written to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.throttle import MAIL, MAIL_ADDRESS, Throttle, address_of
from app.core.crypto import Keyring
from app.mail import outbox
from app.mail.links import AccountPage, account_link
from app.mail.messages import Message
from app.mail.outbox import Mail
from app.mail.wakeups import wake
from app.settings import Settings
from app.tenancy.hosts import PLATFORM_LABEL, audience_of
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

_NOBODY = "nobody@example.invalid"


@dataclass(frozen=True, slots=True)
class Post:
    """What it takes to send a mail that leads back to us."""

    keyring: Keyring
    settings: Settings
    throttle: Throttle

    def link(self, tenant: Tenant | None, page: AccountPage, code: str) -> str:
        """The page at the business (or at the platform) that uses the code."""
        return account_link(self.settings, tenant.slug if tenant else None, page, code)

    def front_door(self, tenant: Tenant | None) -> str:
        """Where people log in."""
        return self.settings.url(tenant.slug if tenant else PLATFORM_LABEL)

    async def hold_back(self, tenant: Tenant | None, *whom: str, now: datetime, ip_address: str | None = None) -> None:
        """Count a mail to this address (or for this user, or this invitation), and from where it was asked for.

        Raises TooManyAttempts. To be called before the session is asked for anything: it takes a connection of its own.
        """
        place = audience_of(tenant.id if tenant else None)
        attempts = [(MAIL, f"{place}:{each.lower()}") for each in whom]
        if ip_address is not None:
            attempts.append((MAIL_ADDRESS, address_of(ip_address)))
        await self.throttle.count(*attempts, now=now)

    async def send(
        self, session: AsyncSession, email: str, name: str, message: Message, tenant_id: UUID | None, *, now: datetime
    ) -> None:
        """Have a mail sent once the transaction commits."""
        mail = Mail(recipient=email, name=name, message=message, tenant_id=tenant_id, mode=Mode.LIVE)
        await outbox.send(session, self.keyring, mail, now=now)

    async def pretend(self, session: AsyncSession, message: Message, tenant_id: UUID | None, *, now: datetime) -> None:
        """Do all that `send` does, for nobody: whoever looks at the clock is to learn nothing."""
        mail = Mail(recipient=_NOBODY, name="", message=message, tenant_id=tenant_id, mode=Mode.SANDBOX)
        await outbox.send(session, self.keyring, mail, now=now)
        wake(session)
