"""Customers who sign themselves up.

The password is chosen behind the link: whoever asks with somebody else's address knows nothing that opens the account.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.devices import Device
from app.auth.one_time_codes import Purpose, issue, redeem
from app.auth.roles import Role
from app.auth.sessions import SignedIn
from app.errors import LinkInvalid, SignUpClosed
from app.mail.links import AccountPage
from app.mail.messages import AlreadyRegistered, VerifyEmail
from app.people import customer_accounts, users
from app.people.account_schemas import SignUp, SignUpCompletion
from app.people.arrivals import let_in
from app.people.credentials import hash_chosen
from app.people.post import Post
from app.tenancy.hosts import Host
from app.tenancy.tenant import Tenant

TTL = timedelta(days=1)


async def sign_up(
    session: AsyncSession, post: Post, tenant: Tenant, data: SignUp, device: Device, *, now: datetime
) -> None:
    """Write to whoever wants an account; it is made once they have shown that they read the mail.

    An address that has one gets a mail that says so. All else is alike, the work that is done too: whoever asks learns
    nothing of the address. Raises SignUpClosed and TooManyAttempts.
    """
    _require_open(tenant)
    await post.hold_back(tenant, data.email, ip_address=device.ip_address, now=now)
    known = await users.get_by_email(session, tenant.id, data.email)
    payload = {"email": data.email.lower(), "name": data.name}
    code = await issue(session, post.keyring, Purpose.SIGN_UP, ttl=TTL, tenant_id=tenant.id, payload=payload, now=now)
    link = post.link(tenant, AccountPage.FINISH_SIGN_UP, code)
    await post.send(
        session,
        payload["email"],
        known.name if known else data.name,
        AlreadyRegistered(post.front_door(tenant)) if known else VerifyEmail(link, now + TTL),
        tenant.id,
        now=now,
    )


async def complete(
    session: AsyncSession, post: Post, host: Host, data: SignUpCompletion, device: Device, *, now: datetime
) -> SignedIn | None:
    """Make the customer who holds the code, and log them in.

    Raises LinkInvalid, SignUpClosed, EmailTaken (from the database), and ValidationFailed for a password that may not
    be used (the link can be used again then).
    """
    if host.tenant is None:  # nobody signs up at the platform
        raise LinkInvalid
    tenant = host.tenant
    row = await redeem(session, post.keyring, Purpose.SIGN_UP, data.token, tenant_id=tenant.id, now=now)
    _require_open(tenant)
    password_hash = await hash_chosen(data.password, email=row.payload["email"], tenant=tenant)
    user = await users.add(
        session,
        **row.payload,
        password_hash=password_hash,
        role=Role.CUSTOMER,
        tenant_id=tenant.id,
        is_verified=True,
        now=now,
    )
    await customer_accounts.link_or_create(session, user, now=now)
    record(
        session,
        AuditEvent.USER_SIGNED_UP,
        about=Subject("user", user.id),
        diff=changed({}, {"role": user.role}),
        user_id=user.id,
        user_email=user.email,
    )
    return await let_in(session, post.keyring, host, user, device, now=now)


def _require_open(tenant: Tenant) -> None:
    if not tenant.self_sign_up:
        raise SignUpClosed
