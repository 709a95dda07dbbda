"""Another e-mail address, agreed to at the old one and at the new one."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.one_time_codes import Purpose, issue, withdraw
from app.auth.principals import Principal
from app.auth.reauthentication import confirm_password
from app.auth.tags import user_tag
from app.db.invalidation import announce
from app.errors import FieldError, ValidationFailed
from app.mail.links import AccountPage
from app.mail.messages import EmailChanged, EmailChangeNew, EmailChangeOld
from app.models.public import OneTimeCodeRow, UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.people.account_schemas import EmailChange, EmailChangeRead
from app.people.post import Post
from app.people.user_codes import redeem_of_user
from app.tenancy.hosts import Host

TTL = timedelta(days=1)
_SIDES = (Purpose.CHANGE_EMAIL_OLD, Purpose.CHANGE_EMAIL_NEW)


async def request(session: AsyncSession, post: Post, actor: Principal, data: EmailChange, *, now: datetime) -> None:
    """Write to both addresses; earlier requests are void. Whether somebody has the new address is not said here.

    Raises PasswordWrong, TooManyAttempts, and ValidationFailed for the address that it is.
    """
    email = data.email.lower()
    await post.hold_back(actor.tenant, email, f"user {actor.user_id}", now=now)
    user = await confirm_password(session, post.throttle, actor, data.current_password, now=now)
    if email == user.email:
        raise ValidationFailed(errors=[FieldError("/email", "is your address already", code="unchanged")])
    await withdraw(session, user.id, *_SIDES)
    old, new = [
        post.link(
            actor.tenant,
            AccountPage.CONFIRM_EMAIL_CHANGE,
            await issue(
                session,
                post.keyring,
                side,
                ttl=TTL,
                user_id=user.id,
                tenant_id=user.tenant_id,
                payload={"email": email},
                now=now,
            ),
        )
        for side in _SIDES
    ]
    to_old, to_new = EmailChangeOld(email, old, now + TTL), EmailChangeNew(new, now + TTL)
    await post.send(session, user.email, user.name, to_old, user.tenant_id, now=now)
    await post.send(session, email, user.name, to_new, user.tenant_id, now=now)
    record(session, AuditEvent.EMAIL_CHANGE_REQUESTED, about=Subject("user", user.id))


async def confirm(session: AsyncSession, post: Post, host: Host, code: str, *, now: datetime) -> EmailChangeRead:
    """Agree by the link to one of the addresses. The change is made once both have agreed.

    Raises LinkInvalid, and EmailTaken (from the database) if somebody has the address by now: the link stays good.
    """
    used, user = await redeem_of_user(session, post.keyring, host.tenant, code, *_SIDES, now=now)
    # Both codes are made, expire and are withdrawn together, with the user locked: one that is gone has been used.
    awaited = exists().where(OneTimeCodeRow.user_id == user.id, OneTimeCodeRow.purpose.in_(_SIDES))
    if await session.scalar(select(awaited)):
        return EmailChangeRead(is_complete=False)
    await _apply(session, post, user, used.payload["email"], now)
    return EmailChangeRead(is_complete=True)


async def _apply(session: AsyncSession, post: Post, user: UserRow, email: str, now: datetime) -> None:
    before, user.email = user.email, email
    user.email_verified_at = now
    user.updated_at = now
    await session.flush()
    await withdraw(session, user.id, Purpose.VERIFY_EMAIL, Purpose.RESET_PASSWORD)  # those went to the old address
    announce(session, user_tag(user.id))
    for recipient in (before, email):
        await post.send(session, recipient, user.name, EmailChanged(email, now), user.tenant_id, now=now)
    notify(session, user.id, NotificationKind.EMAIL_CHANGED, {"email": email}, now=now)
    record(
        session,
        AuditEvent.EMAIL_CHANGED,
        about=Subject("user", user.id),
        diff=changed({"email": before}, {"email": email}),
        user_id=user.id,
        user_email=email,
    )
