"""The users of all businesses, for those of the platform who look after them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.recording import attach, context_of
from app.auth import second_factor, session_list
from app.auth.principals import Principal
from app.auth.roles import Role
from app.core.crypto import Keyring
from app.core.pagination import Page
from app.db.conditions import contains, equals, was_changed
from app.db.pages import find_page
from app.errors import Sentence, UserNotFound
from app.models.public import PasskeyRow, TenantRow, TotpSecretRow, UserRow
from app.people import activity
from app.people.refusals import refuse, require_rank
from app.people.user_schemas import UserAccountRead, UserFilters
from app.people.users import ORDERS, lock_with_keepers

_SECURED = select(UserRow.id).where(
    or_(
        exists().where(TotpSecretRow.user_id == UserRow.id, TotpSecretRow.confirmed_at.is_not(None)),
        exists().where(PasskeyRow.user_id == UserRow.id),
    )
)


def visible_to(actor: Principal) -> ColumnElement[bool]:
    """Superusers and managers see everybody, support users of businesses, sales those of demo accounts."""
    live = UserRow.is_sandbox.is_(False)
    match actor.role:
        case Role.SUPERUSER | Role.PLATFORM_MANAGER:
            return live
        case Role.PLATFORM_SUPPORT:
            return live & UserRow.tenant_id.is_not(None)
        case Role.PLATFORM_SALES:
            return live & UserRow.tenant_id.in_(select(TenantRow.id).where(TenantRow.is_temporary))
        case _:
            return false()


def wanted_by(filters: UserFilters) -> ColumnElement[bool]:
    """Holds of the users that the filters want."""
    return and_(
        equals(UserRow.tenant_id, filters.tenant_id),
        equals(UserRow.role, filters.role),
        equals(UserRow.is_active, filters.is_active),
        contains(filters.q, UserRow.name, UserRow.email),
        was_changed(filters, UserRow.created_at, UserRow.updated_at),
    )


async def find(session: AsyncSession, actor: Principal, filters: UserFilters) -> Page[UserAccountRead]:
    """A page of the users that the actor may see, deactivated ones too. Raises CursorInvalid."""
    query = select(UserRow).where(visible_to(actor), wanted_by(filters))
    found = await find_page(session, query, filters, ORDERS, by=UserRow.id, ids=filters.ids)
    return found.holding(await _read(session, found.items))


async def require(session: AsyncSession, actor: Principal, user_id: UUID) -> UserAccountRead:
    """A user that the actor may see. Raises UserNotFound."""
    (read,) = await _read(session, [await _require(session, actor, user_id)])
    return read


async def revoke_sessions(session: AsyncSession, actor: Principal, user_id: UUID, *, now: datetime) -> None:
    """Log a user out everywhere. Raises UserNotFound and RoleDenied."""
    user, _ = await _take(session, actor, user_id)
    await session_list.end_all(session, user.id, now=now)


async def reset_second_factor(
    session: AsyncSession, keyring: Keyring, actor: Principal, user_id: UUID, *, now: datetime
) -> None:
    """Remove a user's second factors and end their sessions: the password alone lets them in then.

    Raises UserNotFound, RoleDenied and SecondFactorMissing.
    """
    user, _ = await _take(session, actor, user_id)
    await second_factor.reset(session, keyring, user.id, now=now)


async def deactivate(session: AsyncSession, actor: Principal, user_id: UUID, *, now: datetime) -> UserAccountRead:
    """Shut a user out at once. Raises UserNotFound, RoleDenied and LastOwner."""
    user, people = await _take(session, actor, user_id)
    if user.is_active:
        await activity.deactivate(session, user, people, now=now)
    return await require(session, actor, user_id)


async def reactivate(session: AsyncSession, actor: Principal, user_id: UUID, *, now: datetime) -> UserAccountRead:
    """Let a user in again. Raises UserNotFound, RoleDenied and TierLimit."""
    user, _ = await _take(session, actor, user_id)
    if not user.is_active:
        await activity.reactivate(session, user, now=now)
    return await require(session, actor, user_id)


async def _require(session: AsyncSession, actor: Principal, user_id: UUID) -> UserRow:
    query = select(UserRow).where(UserRow.id == user_id, visible_to(actor))
    user = (await session.scalars(query)).one_or_none()
    if user is None:
        raise UserNotFound("There is no user {user_id}.", params={"user_id": user_id})
    return user


async def _take(session: AsyncSession, actor: Principal, user_id: UUID) -> tuple[UserRow, dict[UUID, UserRow]]:
    """A user whom the actor may act on, locked, with those without whom the place would be left alone.

    From here on the trail is that of the user's business. Raises UserNotFound and RoleDenied.
    """
    user = await _require(session, actor, user_id)
    attach(session, replace(context_of(session), tenant_id=user.tenant_id))
    about = Subject("user", user_id)
    if user_id == actor.user_id:
        refuse(session, Sentence("Nobody does this to their own account."), about=about)
    people = await lock_with_keepers(session, user.tenant_id, user_id)
    if user.tenant_id is None:
        require_rank(session, actor, user.role, about=about)
    return people[user_id], people


async def _read(session: AsyncSession, users: Sequence[UserRow]) -> list[UserAccountRead]:
    tenants = await session.scalars(select(TenantRow).where(TenantRow.id.in_({user.tenant_id for user in users})))
    by_id: dict[UUID | None, TenantRow] = {tenant.id: tenant for tenant in tenants}
    secured = set(await session.scalars(_SECURED.where(UserRow.id.in_([user.id for user in users]))))
    return [UserAccountRead.of(user, by_id.get(user.tenant_id), has_second_factor=user.id in secured) for user in users]
