"""Places that are kept for people who have not come yet."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth import grants
from app.auth.permissions import Area, Permission, permissions_of
from app.auth.principals import Principal
from app.auth.roles import Role
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import caseless, contains, equals, was_made
from app.db.pages import Orders, find_page
from app.errors import AlreadyInvited, EmailTaken, FieldError, InvitationNotFound, Sentence, ValidationFailed
from app.mail.links import AccountPage
from app.mail.messages import Invitation
from app.models.public import InvitationRow, UserRow
from app.people import users
from app.people.post import Post
from app.people.ranks import STAFF, managed_by
from app.people.refusals import refuse, require_rank
from app.people.staff_schemas import InvitationCreate, InvitationFilters, InvitationRead, InvitationState
from app.subscriptions.limits import require_staff_room

TTL = timedelta(days=7)
_BYTES = 32
_ORDERS: Orders = {
    "name": caseless(InvitationRow.name),
    "email": InvitationRow.email,
    "created_at": InvitationRow.created_at,
    "expires_at": InvitationRow.expires_at,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What is kept for whom."""

    email: str
    name: str
    role: Role
    areas: Sequence[Area] = ()
    customer_id: UUID | None = None


async def invite(
    session: AsyncSession, post: Post, actor: Principal, data: InvitationCreate, *, now: datetime
) -> InvitationRead:
    """Invite somebody to work where the actor does.

    Raises RoleDenied for a role that the actor does not give, EmailTaken, AlreadyInvited, TierLimit, TooManyAttempts,
    and ValidationFailed for areas of anybody but TENANT_STAFF.
    """
    require_rank(session, actor, data.role)
    is_staff = data.role is Role.TENANT_STAFF
    if data.areas is not None and not is_staff:
        raise ValidationFailed(errors=[FieldError("/areas", "only TENANT_STAFF have areas", code="staff-only")])
    await post.hold_back(actor.tenant, data.email, now=now)
    known = await users.get_by_email(session, _tenant_id(actor), data.email)
    if known is not None and not can_rise(known, data.role):
        raise EmailTaken
    chosen = users.DEFAULT_AREAS if data.areas is None else data.areas
    place = Place(data.email.lower(), data.name, data.role, areas=chosen if is_staff else ())
    return await keep(session, post, actor, place, now=now)


async def keep(session: AsyncSession, post: Post, actor: Principal, place: Place, *, now: datetime) -> InvitationRead:
    """Keep a place for somebody and write to them. Raises AlreadyInvited and TierLimit."""
    await _make_way(session, _tenant_id(actor), place, now)
    if actor.tenant is not None and place.role in STAFF:
        await require_staff_room(session, actor.tenant.id, now=now)
    row = InvitationRow(
        id=uuid7(),
        tenant_id=_tenant_id(actor),
        email=place.email,
        name=place.name,
        role=place.role,
        areas=list(place.areas),
        customer_id=place.customer_id,
        accepted_at=None,
        revoked_at=None,
        created_at=now,
    )
    await _send(session, post, actor, row, now)
    session.add(row)
    await session.flush()
    return _read(row, "open")


async def find(
    session: AsyncSession, actor: Principal, filters: InvitationFilters, *, now: datetime
) -> Page[InvitationRead]:
    """A page of the invitations to where the actor works that were neither accepted nor withdrawn.

    Raises CursorInvalid.
    """
    query = select(InvitationRow).where(
        _pending(_tenant_id(actor)),
        equals(InvitationRow.role, filters.role),
        equals(InvitationRow.customer_id, filters.customer_id),
        contains(filters.q, InvitationRow.name, InvitationRow.email),
        was_made(filters, InvitationRow.created_at),
    )
    found = await find_page(session, query, filters, _ORDERS, by=InvitationRow.id, ids=filters.ids)
    reaches = await _reaches(session, {row.invited_by for row in found.items}, now)
    items = [_read(row, _state(row, reaches[row.invited_by], now)) for row in found.items]
    return found.holding(items)


async def resend(
    session: AsyncSession, post: Post, actor: Principal, invitation_id: UUID, *, now: datetime
) -> InvitationRead:
    """Send an invitation again, with a new link and a new term; the old link is dead.

    From here on it is the actor's own: whoever sends it vouches for it. Raises InvitationNotFound, RoleDenied,
    TierLimit and TooManyAttempts.
    """
    await post.hold_back(actor.tenant, f"invitation {invitation_id}", now=now)
    row = await _require(session, actor, invitation_id)
    if row.tenant_id is not None and row.role in STAFF:
        await require_staff_room(session, row.tenant_id, now=now, except_invitation=row.id)
    await _send(session, post, actor, row, now)
    return _read(row, "open")


async def withdraw(session: AsyncSession, actor: Principal, invitation_id: UUID, *, now: datetime) -> None:
    """Make an invitation worthless. Raises InvitationNotFound and RoleDenied."""
    row = await _require(session, actor, invitation_id)
    row.revoked_at = now
    diff = changed({"role": row.role}, {})
    record(session, AuditEvent.USER_INVITATION_WITHDRAWN, about=Subject("invitation", row.id), diff=diff)


async def reach_of(session: AsyncSession, inviter: UserRow, *, now: datetime) -> frozenset[Role]:
    """The roles to which somebody may invite, as things stand."""
    if not inviter.is_active:
        return frozenset()
    role = Role(inviter.role)
    may = set(permissions_of(role, inviter.areas))
    may |= {grant.permission for grant in await grants.active_for(session, inviter.id, now=now)}
    return managed_by(role) | ({Role.CUSTOMER} if Permission.CUSTOMERS_WRITE in may else set())


def can_rise(user: UserRow, role: str) -> bool:
    """Whether an invitation to this role can be meant for somebody who is there already: a customer, as staff."""
    return user.role == Role.CUSTOMER and user.is_active and role in STAFF


def digest_of(keyring: Keyring, code: str) -> bytes:
    """What the database keeps of an invitation's code."""
    return keyring.digest(f"invitation:{code}")


def _tenant_id(actor: Principal) -> UUID | None:
    return actor.tenant.id if actor.tenant else None


def _pending(tenant_id: UUID | None) -> ColumnElement[bool]:
    return and_(
        InvitationRow.tenant_id == tenant_id, InvitationRow.accepted_at.is_(None), InvitationRow.revoked_at.is_(None)
    )


async def _require(session: AsyncSession, actor: Principal, invitation_id: UUID) -> InvitationRow:
    """An invitation that the actor may change, locked."""
    query = select(InvitationRow).where(InvitationRow.id == invitation_id, _pending(_tenant_id(actor)))
    row = (await session.scalars(query.with_for_update())).one_or_none()
    if row is None:
        raise InvitationNotFound(
            "There is no open invitation {invitation_id}.", params={"invitation_id": invitation_id}
        )
    if row.role not in managed_by(actor.role) | {Role.CUSTOMER}:
        params = {"own_role": actor.role, "role": row.role}
        reason = Sentence("The role {own_role} does not invite to the role {role}.", params)
        refuse(session, reason, about=Subject("invitation", row.id))
    return row


async def _make_way(session: AsyncSession, tenant_id: UUID | None, place: Place, now: datetime) -> None:
    """Clear away an earlier invitation to this address that leads nowhere, or that the new one is to replace."""
    query = select(InvitationRow).where(_pending(tenant_id), InvitationRow.email == place.email)
    earlier = (await session.scalars(query.with_for_update())).one_or_none()
    if earlier is None:
        return
    reaches = await _reaches(session, [earlier.invited_by], now)
    is_same = place.customer_id is not None and place.customer_id == earlier.customer_id
    if not is_same and _state(earlier, reaches[earlier.invited_by], now) == "open":
        raise AlreadyInvited
    earlier.revoked_at = now
    await session.flush()


async def _send(session: AsyncSession, post: Post, actor: Principal, row: InvitationRow, now: datetime) -> None:
    code = secrets.token_urlsafe(_BYTES)
    row.invited_by = actor.user_id
    row.digest = digest_of(post.keyring, code)
    row.expires_at = now + TTL
    inviter = (await session.scalars(select(UserRow.name).where(UserRow.id == actor.user_id))).one()
    link = post.link(actor.tenant, AccountPage.ACCEPT_INVITATION, code)
    message = Invitation(inviter=inviter, link=link, expires_at=row.expires_at)
    await post.send(session, row.email, row.name, message, row.tenant_id, now=now)
    record(
        session,
        AuditEvent.USER_INVITED,
        about=Subject("invitation", row.id),
        diff=changed({}, {"role": row.role, "areas": row.areas, "expires_at": row.expires_at}),
    )


async def _reaches(session: AsyncSession, inviters: Iterable[UUID], now: datetime) -> dict[UUID, frozenset[Role]]:
    found = await session.scalars(select(UserRow).where(UserRow.id.in_(inviters)))
    return {inviter.id: await reach_of(session, inviter, now=now) for inviter in found.all()}


def _state(row: InvitationRow, reach: frozenset[Role], now: datetime) -> InvitationState:
    if row.role not in reach:
        return "void"
    return "open" if row.expires_at > now else "expired"


def _read(row: InvitationRow, state: InvitationState) -> InvitationRead:
    return InvitationRead(
        id=row.id,
        email=row.email,
        name=row.name,
        role=Role(row.role),
        areas=[Area(area) for area in row.areas],
        customer_id=row.customer_id,
        invited_by=row.invited_by,
        state=state,
        expires_at=row.expires_at,
        created_at=row.created_at,
    )
