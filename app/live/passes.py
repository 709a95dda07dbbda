"""One-time tickets to the socket, for pages and programs that cannot send a cookie along."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import one_time_codes
from app.auth.one_time_codes import Purpose
from app.auth.principals import Principal
from app.core.crypto import Keyring
from app.errors import LinkInvalid, Unauthenticated
from app.live.schemas import LiveTicketRead
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

TTL = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Pass:
    """What a ticket stands for: the session it was asked for in, and the mode that this was in."""

    session_id: UUID
    mode: Mode


async def issue(session: AsyncSession, keyring: Keyring, caller: Principal, *, now: datetime) -> LiveTicketRead:
    """A new ticket, of which only the digest is kept."""
    code = await one_time_codes.issue(
        session,
        keyring,
        Purpose.LIVE_SOCKET,
        ttl=TTL,
        now=now,
        user_id=caller.user_id,
        tenant_id=caller.tenant.id if caller.tenant else None,
        payload={"session_id": str(caller.in_session()), "mode": caller.mode},
    )
    return LiveTicketRead(ticket=code, expires_at=now + TTL)


async def redeem(session: AsyncSession, keyring: Keyring, ticket: str, tenant: Tenant | None, *, now: datetime) -> Pass:
    """Use a ticket up, at the host it was asked for at. Raises Unauthenticated."""
    try:
        row = await one_time_codes.redeem(
            session, keyring, Purpose.LIVE_SOCKET, ticket, tenant_id=tenant.id if tenant else None, now=now
        )
    except LinkInvalid as error:
        raise Unauthenticated("The ticket has been used, or is too old. Ask for a new one.") from error
    return Pass(UUID(row.payload["session_id"]), Mode(row.payload["mode"]))
