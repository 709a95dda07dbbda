"""Another password, by whoever knows the current one."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.principals import Principal
from app.auth.reauthentication import confirm_password
from app.people.account_schemas import PasswordChange
from app.people.new_password import set_password
from app.people.post import Post


async def change(session: AsyncSession, post: Post, actor: Principal, data: PasswordChange, *, now: datetime) -> None:
    """Change the caller's password. Their other sessions end.

    Raises PasswordWrong, TooManyAttempts, and ValidationFailed for a password that may not be used.
    """
    user = await confirm_password(session, post.throttle, actor, data.current_password, now=now)
    await set_password(
        session, post, user, data.new_password, actor.tenant, now=now, pointer="/new_password", but=actor.session_id
    )
    record(session, AuditEvent.PASSWORD_CHANGED, about=Subject("user", user.id))
