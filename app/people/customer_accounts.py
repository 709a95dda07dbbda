"""From a business's record of a person to that person's log-in, and back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.auth.principals import Principal
from app.auth.roles import Role
from app.errors import EmailTaken, FieldError, LinkInvalid, SandboxNotAllowed, Sentence, UserNotFound, ValidationFailed
from app.events.catalogue import EventType
from app.models.public import UserRow
from app.models.tenant import CustomerRow
from app.people import activity, customers, users
from app.people.invitations import Place, keep
from app.people.post import Post
from app.people.refusals import refuse
from app.people.schemas import CustomerCreate
from app.people.staff_schemas import InvitationRead
from app.tenancy.mode import Mode


async def invite(
    session: AsyncSession, post: Post, actor: Principal, customer_id: UUID, *, now: datetime
) -> InvitationRead:
    """Invite a customer to log in; an open invitation of theirs is replaced.

    Raises SandboxNotAllowed, CustomerNotFound, EmailTaken if somebody logs in with the address (or as this customer)
    already, AlreadyInvited, TooManyAttempts, and ValidationFailed for a record without an address.
    """
    if actor.mode is not Mode.LIVE:
        raise SandboxNotAllowed
    await post.hold_back(actor.tenant, f"customer {customer_id}", now=now)
    customer = await customers.require(session, customer_id)
    if customer.email is None:
        wrong = FieldError("customer_id", "has no e-mail address to write to", code="unsuitable")
        raise ValidationFailed(errors=[wrong])
    if customer.user_id is not None:
        raise EmailTaken("This customer has a log-in already.")
    if await users.get_by_email(session, actor.tenant.id if actor.tenant else None, customer.email) is not None:
        raise EmailTaken
    place = Place(customer.email.lower(), customer.name, Role.CUSTOMER, customer_id=customer.id)
    return await keep(session, post, actor, place, now=now)


async def require(session: AsyncSession, customer_id: UUID) -> UserRow:
    """Who logs in as this customer. Raises CustomerNotFound, and UserNotFound if nobody does."""
    customer = await customers.require(session, customer_id)
    user = await session.get(UserRow, customer.user_id) if customer.user_id else None
    if user is None:
        raise UserNotFound("This customer has no log-in.")
    return user


async def deactivate(session: AsyncSession, customer_id: UUID, *, now: datetime) -> UserRow:
    """Shut the customer out at once; the record stays. Raises CustomerNotFound, UserNotFound and RoleDenied."""
    user = await _take(session, customer_id)
    if user.is_active:
        await activity.deactivate(session, user, {}, now=now)
    return user


async def reactivate(session: AsyncSession, customer_id: UUID, *, now: datetime) -> UserRow:
    """Let the customer log in again. Raises CustomerNotFound, UserNotFound and RoleDenied."""
    user = await _take(session, customer_id)
    if not user.is_active:
        await activity.reactivate(session, user, now=now)
    return user


async def link(session: AsyncSession, customer_id: UUID, user_id: UUID, *, now: datetime) -> None:
    """Make the user the one who logs in as this customer. Raises LinkInvalid if there is another one by now."""
    query = select(CustomerRow).where(CustomerRow.id == customer_id, CustomerRow.user_id.is_(None))
    row = (await session.scalars(query.with_for_update())).one_or_none()
    if row is None:
        raise LinkInvalid("Somebody else logs in as this customer by now. Ask the business about it.")
    _link(session, row, user_id, now=now)


async def link_or_create(session: AsyncSession, user: UserRow, *, now: datetime) -> None:
    """Give a new user the one record that bears their address and nobody's log-in; a record of their own otherwise.

    Where several people share an address, as families do, nobody is guessed at.
    """
    query = (
        select(CustomerRow)
        .where(func.lower(CustomerRow.email) == user.email, CustomerRow.user_id.is_(None))
        .limit(2)
        .with_for_update()
    )
    found = (await session.scalars(query)).all()
    if len(found) == 1:
        _link(session, found[0], user.id, now=now)
    else:
        customers.add(session, CustomerCreate(name=user.name, email=user.email), user_id=user.id, now=now)


def _link(session: AsyncSession, row: CustomerRow, user_id: UUID, *, now: datetime) -> None:
    row.user_id = user_id
    row.updated_at = now
    customers.tell(session, EventType.CUSTOMER_UPDATED, row)


async def _take(session: AsyncSession, customer_id: UUID) -> UserRow:
    """Who logs in as this customer, locked, as long as a customer is all they are."""
    user = await users.lock(session, (await require(session, customer_id)).id)
    if user is None or user.role != Role.CUSTOMER:
        about = Subject("customer", customer_id)
        reason = Sentence("This person works here by now: whoever manages the staff sees to it.")
        refuse(session, reason, about=about)
    return user
