"""Customers who sign themselves up."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.devices import Device
from app.auth.one_time_codes import Purpose, issue, redeem
from app.auth.roles import Role
from app.core.crypto import Keyring
from app.errors import SignUpClosed
from app.mail.links import AccountPage
from app.mail.messages import AlreadyRegistered, VerifyEmail
from app.models.public import UserRow
from app.people import customer_accounts, users
from app.people.account_schemas import PersonCreate
from app.people.credentials import hash_chosen
from app.people.post import Post
from app.tenancy.tenant import Tenant

TTL = timedelta(days=1)


async def sign_up(
    session: AsyncSession, post: Post, tenant: Tenant, data: PersonCreate, device: Device, *, now: datetime
) -> None:
    """Write to whoever wants an account; it is made once they have shown that they read the mail.

    An address that has one gets a mail that says so. All else is alike, the work that is done too: whoever asks learns
    nothing of the address. Raises SignUpClosed, ValidationFailed and TooManyAttempts.
    """
    _require_open(tenant)
    await post.hold_back(tenant, data.email, ip_address=device.ip_address, now=now)
    password_hash = await hash_chosen(data.password, email=data.email, tenant=tenant)
    known = await users.get_by_email(session, tenant.id, data.email)
    payload = {"email": data.email.lower(), "name": data.name, "password_hash": password_hash}
    code = await issue(session, post.keyring, Purpose.SIGN_UP, ttl=TTL, tenant_id=tenant.id, payload=payload, now=now)
    link = post.link(tenant, AccountPage.CONFIRM_EMAIL, code)
    await post.send(
        session,
        payload["email"],
        known.name if known else data.name,
        AlreadyRegistered(post.front_door(tenant)) if known else VerifyEmail(link, now + TTL),
        tenant.id,
        now=now,
    )


async def complete(session: AsyncSession, keyring: Keyring, tenant: Tenant, code: str, *, now: datetime) -> UserRow:
    """Make the customer who holds the code. Raises LinkInvalid, SignUpClosed and EmailTaken (from the database)."""
    _require_open(tenant)
    row = await redeem(session, keyring, Purpose.SIGN_UP, code, tenant_id=tenant.id, now=now)
    user = await users.add(session, **row.payload, role=Role.CUSTOMER, tenant_id=tenant.id, is_verified=True, now=now)
    await customer_accounts.link_or_create(session, user, now=now)
    record(
        session,
        AuditEvent.USER_SIGNED_UP,
        about=Subject("user", user.id),
        diff=changed({}, {"role": user.role}),
        user_id=user.id,
        user_email=user.email,
    )
    return user


def _require_open(tenant: Tenant) -> None:
    if not tenant.self_sign_up:
        raise SignUpClosed
