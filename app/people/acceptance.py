"""Taking the place that an invitation keeps."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.devices import Device
from app.auth.roles import Role
from app.auth.sessions import SignedIn
from app.auth.tags import user_tag
from app.core.crypto import Keyring
from app.db.invalidation import announce
from app.errors import EmailTaken, LinkInvalid
from app.models.public import InvitationRow, UserRow
from app.people import customer_accounts, users
from app.people.arrivals import let_in
from app.people.credentials import hash_chosen
from app.people.invitations import can_rise, digest_of, reach_of
from app.people.new_password import set_password
from app.people.post import Post
from app.people.ranks import STAFF
from app.people.staff_schemas import InvitationAccept
from app.subscriptions.limits import require_staff_room
from app.tenancy.hosts import Host
from app.tenancy.tenant import Tenant


async def accept(
    session: AsyncSession, post: Post, host: Host, data: InvitationAccept, device: Device, *, now: datetime
) -> SignedIn | None:
    """Become a user of this host, and be logged in.

    A customer who is invited to work here keeps the account: it gets the role, and the name and password that were
    sent, as by a link for a forgotten password; all its sessions end. With a second factor no session is answered.

    Raises LinkInvalid (also if whoever sent the invitation could not send it any more), EmailTaken, TierLimit, and
    ValidationFailed for a password that may not be used.
    """
    invitation = await _require(session, post.keyring, host.tenant, data.token, now)
    if host.tenant is not None and invitation.role in STAFF:
        await require_staff_room(session, host.tenant.id, now=now, except_invitation=invitation.id)
    known = await users.get_by_email(session, invitation.tenant_id, invitation.email)
    if known is None:
        user = await _arrive(session, invitation, data, host.tenant, now)
    else:
        user = await _rise(session, post, known, invitation, data, host.tenant, now)
    invitation.accepted_at = now
    record(
        session,
        AuditEvent.USER_INVITATION_ACCEPTED,
        about=Subject("user", user.id),
        diff=changed({}, {"role": invitation.role, "areas": invitation.areas}),
        user_id=user.id,
        user_email=user.email,
    )
    return await let_in(session, post.keyring, host, user, device, now=now)


async def _require(
    session: AsyncSession, keyring: Keyring, tenant: Tenant | None, code: str, now: datetime
) -> InvitationRow:
    """The open invitation of this place and code, locked: of two who accept at once the second finds none."""
    query = select(InvitationRow).where(
        InvitationRow.digest == digest_of(keyring, code),
        InvitationRow.tenant_id == (tenant.id if tenant else None),
        InvitationRow.accepted_at.is_(None),
        InvitationRow.revoked_at.is_(None),
        InvitationRow.expires_at > now,
    )
    invitation = (await session.scalars(query.with_for_update())).one_or_none()
    if invitation is None:
        raise LinkInvalid
    inviter = await session.get_one(UserRow, invitation.invited_by)
    if invitation.role not in await reach_of(session, inviter, now=now):
        raise LinkInvalid
    return invitation


async def _arrive(
    session: AsyncSession, invitation: InvitationRow, data: InvitationAccept, tenant: Tenant | None, now: datetime
) -> UserRow:
    user = await users.add(
        session,
        email=invitation.email,
        name=data.name,
        password_hash=await hash_chosen(data.password, email=invitation.email, tenant=tenant),
        role=Role(invitation.role),
        tenant_id=invitation.tenant_id,
        areas=invitation.areas,
        is_verified=True,
        now=now,
    )
    if invitation.customer_id is not None:
        await customer_accounts.link(session, invitation.customer_id, user.id, now=now)
    return user


async def _rise(
    session: AsyncSession,
    post: Post,
    known: UserRow,
    invitation: InvitationRow,
    data: InvitationAccept,
    tenant: Tenant | None,
    now: datetime,
) -> UserRow:
    user = await users.lock(session, known.id)
    if user is None or not can_rise(user, invitation.role):
        raise EmailTaken
    before = {"role": user.role, "areas": user.areas}
    user.name, user.role, user.areas = data.name, invitation.role, invitation.areas
    user.email_verified_at = user.email_verified_at or now
    await set_password(session, post, user, data.password, tenant, now=now)
    announce(session, user_tag(user.id))
    after = {"role": user.role, "areas": user.areas}
    record(session, AuditEvent.USER_ROLE_CHANGED, about=Subject("user", user.id), diff=changed(before, after))
    return user
