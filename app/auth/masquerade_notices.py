"""Nobody is acted as in secret: whom it concerns is told who does it, and why."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.masquerade_attempts import Allowed
from app.auth.roles import Role
from app.core.crypto import Keyring
from app.mail.branding import PLATFORM_NAME
from app.mail.messages import Masqueraded
from app.mail.outbox import Mail, send
from app.models.public import UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.mode import Mode


async def tell(session: AsyncSession, keyring: Keyring, allowed: Allowed, *, now: datetime) -> None:
    """Tell the user, by a notification and a mail, and by a mail every owner of their business but the actor."""
    user = allowed.target
    actor = _name(allowed.actor)
    notify(session, user.id, NotificationKind.MASQUERADED, {"actor": actor, "reason": allowed.reason}, now=now)
    message = Masqueraded(actor=actor, user=user.name, reason=allowed.reason, at=now)
    for each in [user, *await _owners(session, allowed)]:
        mail = Mail(each.email, each.name, message, tenant_id=each.tenant_id, mode=Mode.LIVE)
        await send(session, keyring, mail, now=now)


def _name(actor: UserRow) -> str:
    """The actor as the business knows them: the platform's people come from elsewhere."""
    return actor.name if actor.tenant_id else f"{actor.name} ({PLATFORM_NAME})"


async def _owners(session: AsyncSession, allowed: Allowed) -> list[UserRow]:
    told = (allowed.target.id, allowed.actor.id)
    query = select(UserRow).where(
        UserRow.tenant_id == allowed.target.tenant_id,
        UserRow.role == Role.TENANT_OWNER,
        UserRow.is_active,
        UserRow.is_sandbox.is_(False),
        UserRow.id.not_in(told),
    )
    return list(await session.scalars(query))
