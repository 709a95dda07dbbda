"""A new password for whoever has forgotten the old one, by a link to their address."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.devices import Device
from app.auth.one_time_codes import Purpose, issue
from app.auth.sessions import SignedIn
from app.auth.throttle import ACCOUNT
from app.mail.links import AccountPage
from app.mail.messages import ResetPassword
from app.people import users
from app.people.account_schemas import PasswordReset
from app.people.arrivals import let_in
from app.people.new_password import set_password
from app.people.post import Post
from app.people.user_codes import redeem_of_user
from app.tenancy.hosts import Host

TTL = timedelta(hours=1)


async def request(session: AsyncSession, post: Post, host: Host, email: str, device: Device, *, now: datetime) -> None:
    """Send a link to this address, if somebody here logs in with it.

    The work is the same if nobody does, down to the statements: only nobody gets a mail. Raises TooManyAttempts.
    """
    await post.hold_back(host.tenant, email, ip_address=device.ip_address, now=now)
    tenant_id = host.tenant.id if host.tenant else None
    known = await users.get_by_email(session, tenant_id, email)
    user = known if known is not None and known.is_active else None
    code = await issue(
        session,
        post.keyring,
        Purpose.RESET_PASSWORD,
        ttl=TTL,
        user_id=user.id if user else None,
        tenant_id=tenant_id,
        now=now,
    )
    message = ResetPassword(post.link(host.tenant, AccountPage.RESET_PASSWORD, code), now + TTL)
    if user is not None:
        await post.send(session, user.email, user.name, message, tenant_id, now=now)
    else:
        await post.pretend(session, message, tenant_id, now=now)
    record(
        session,
        AuditEvent.PASSWORD_RESET_REQUESTED,
        result=Result.SUCCESS if user else Result.FAILED,
        about=Subject("user", user.id) if user else None,
        user_id=user.id if user else None,
    )


async def reset(
    session: AsyncSession, post: Post, host: Host, data: PasswordReset, device: Device, *, now: datetime
) -> SignedIn | None:
    """Set a new password by such a link. Every session ends, and every other link is dead.

    Answers a session, unless the user has a second factor: a mail does not stand in for it. Raises LinkInvalid, and
    ValidationFailed for a password that may not be used (the link can be used again then).
    """
    _, user = await redeem_of_user(session, post.keyring, host.tenant, data.token, Purpose.RESET_PASSWORD, now=now)
    await set_password(session, post, user, data.password, host.tenant, now=now)
    user.email_verified_at = user.email_verified_at or now
    await post.throttle.forgive(session, (ACCOUNT, f"{host.audience}:{user.email}"))  # others may have locked them out
    record(
        session,
        AuditEvent.PASSWORD_RESET,
        about=Subject("user", user.id),
        user_id=user.id,
        user_email=user.email,
    )
    return await let_in(session, post.keyring, host, user, device, now=now)
