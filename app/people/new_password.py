"""What goes with every new password, however it came to be."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import session_list
from app.auth.one_time_codes import Purpose, withdraw
from app.mail.messages import PasswordChanged
from app.models.public import UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.people.credentials import hash_chosen
from app.people.post import Post
from app.tenancy.tenant import Tenant


async def set_password(
    session: AsyncSession,
    post: Post,
    user: UserRow,
    password: str,
    tenant: Tenant | None,
    *,
    now: datetime,
    pointer: str = "/password",
    but: UUID | None = None,
) -> None:
    """Give a user, who is locked, a new password; sessions end (but this one), and links that are under way are dead.

    The user is told by mail. Raises ValidationFailed, pointing at the field.
    """
    user.password_hash = await hash_chosen(password, email=user.email, tenant=tenant, pointer=pointer)
    user.updated_at = now
    await session_list.end_all(session, user.id, now=now, but=but)
    await withdraw(session, user.id, *Purpose)
    await post.send(session, user.email, user.name, PasswordChanged(at=now), user.tenant_id, now=now)
    notify(session, user.id, NotificationKind.PASSWORD_CHANGED, {}, now=now)
