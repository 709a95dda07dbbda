"""Everybody who can log in, across businesses, to leaf through: with what is known of their log-ins."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.masquerade_candidates import may_act_as
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.core.listing import Listing, ListRequest
from app.db.conditions import contains
from app.db.listing import find_listed
from app.models.public import PasskeyRow, TenantRow, TotpSecretRow, UserRow, UserSessionRow
from app.people.platform_users import visible_to, wanted_by
from app.people.user_schemas import UserFilters

ORDERS = {"name": UserRow.name, "email": UserRow.email, "role": UserRow.role, "since": UserRow.created_at}


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a user beside their own row: their business, their latest log-in, their second factors."""

    tenant: TenantRow | None
    last_log_in_at: datetime | None
    has_authenticator: bool
    passkeys: int

    @property
    def factors(self) -> str:
        """The second factors in words."""
        keys = f"{self.passkeys} passkey{'s' * (self.passkeys > 1)}"
        return ", ".join(["app"] * self.has_authenticator + [keys] * (self.passkeys > 0)) or "none"


async def find(session: AsyncSession, actor: Principal, wanted: ListRequest, filters: UserFilters) -> Listing[UserRow]:
    """A page of the users that the actor may see; searched by name and e-mail address."""
    is_found = contains(wanted.search, UserRow.name, UserRow.email)
    query = select(UserRow).where(visible_to(actor), wanted_by(filters), is_found)
    return await find_listed(session, query, wanted, orders=ORDERS, by=UserRow.id)


async def standings_of(session: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """How each of these users stands. A masquerade is no log-in of theirs."""
    log_in = (
        select(func.max(UserSessionRow.created_at))
        .where(UserSessionRow.user_id == UserRow.id, UserSessionRow.actor_id.is_(None))
        .scalar_subquery()
    )
    authenticator = (
        select(TotpSecretRow.user_id)
        .where(TotpSecretRow.user_id == UserRow.id, TotpSecretRow.confirmed_at.is_not(None))
        .exists()
    )
    passkeys = select(func.count()).where(PasskeyRow.user_id == UserRow.id).scalar_subquery()
    query = (
        select(UserRow.id, TenantRow, log_in, authenticator, passkeys)
        .outerjoin(TenantRow, TenantRow.id == UserRow.tenant_id)
        .where(UserRow.id.in_(user_ids))
    )
    return {user_id: Standing(*rest) for user_id, *rest in await session.execute(query)}


async def candidates_among(
    session: AsyncSession, actor: Principal, user_ids: Iterable[UUID], *, now: datetime
) -> set[UUID]:
    """Those of these users as whom the actor may act now. Under a mask that is nobody."""
    if actor.actor is not None or Permission.MASQUERADE not in actor.permissions:
        return set()
    query = (
        select(UserRow.id)
        .outerjoin(TenantRow, TenantRow.id == UserRow.tenant_id)
        .where(UserRow.id.in_(user_ids), may_act_as(actor, now=now))
    )
    return set(await session.scalars(query))


async def addresses_of(session: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The e-mail addresses of these users, as far as they are still there."""
    query = select(UserRow.id, UserRow.email).where(UserRow.id.in_(user_ids))
    return {user.id: user.email for user in await session.execute(query)}
