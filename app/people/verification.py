"""Showing that an e-mail address is one's own."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.one_time_codes import Purpose, issue, withdraw
from app.auth.principals import Principal
from app.mail.links import AccountPage
from app.mail.messages import VerifyEmail
from app.models.public import UserRow
from app.people.post import Post
from app.people.user_codes import redeem_of_user
from app.tenancy.hosts import Host
from app.tenancy.tenant import Tenant

TTL = timedelta(days=7)


async def request(session: AsyncSession, post: Post, actor: Principal, *, now: datetime) -> None:
    """Send the caller a link that confirms their address; none if it is confirmed. Raises TooManyAttempts."""
    await post.hold_back(actor.tenant, actor.email, now=now)
    user = await session.get_one(UserRow, actor.user_id)
    if user.email_verified_at is None:
        await send(session, post, user, actor.tenant, now=now)


async def send(session: AsyncSession, post: Post, user: UserRow, tenant: Tenant | None, *, now: datetime) -> None:
    """Send a user a link that confirms their address. Earlier ones are dead."""
    await withdraw(session, user.id, Purpose.VERIFY_EMAIL)
    code = await issue(
        session,
        post.keyring,
        Purpose.VERIFY_EMAIL,
        ttl=TTL,
        user_id=user.id,
        tenant_id=user.tenant_id,
        now=now,
    )
    message = VerifyEmail(post.link(tenant, AccountPage.CONFIRM_EMAIL, code), now + TTL)
    await post.send(session, user.email, user.name, message, user.tenant_id, now=now)


async def confirm(session: AsyncSession, post: Post, host: Host, code: str, *, now: datetime) -> None:
    """Use a link that confirms a user's address. It logs nobody in. Raises LinkInvalid."""
    _, user = await redeem_of_user(session, post.keyring, host.tenant, code, Purpose.VERIFY_EMAIL, now=now)
    user.email_verified_at = user.email_verified_at or now
    user.updated_at = now
    record(
        session,
        AuditEvent.EMAIL_VERIFIED,
        about=Subject("user", user.id),
        user_id=user.id,
        user_email=user.email,
    )
