"""The people who work at a business, or for the platform."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth import lending
from app.auth.permissions import Area, Permission, permissions_of
from app.auth.principals import Principal
from app.auth.roles import Role
from app.auth.tags import user_tag
from app.core.pagination import Page
from app.core.patch import changes
from app.db.conditions import contains, equals, has_element, was_changed
from app.db.invalidation import announce
from app.db.pages import find_page
from app.errors import FieldError, Sentence, UserNotFound, ValidationFailed
from app.models.public import UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.people.activity import deactivate, reactivate
from app.people.ranks import STAFF, staff_of
from app.people.refusals import refuse, require_rank
from app.people.staff_schemas import StaffFilters, StaffUpdate
from app.people.users import DEFAULT_AREAS, ORDERS, lock_with_keepers
from app.tenancy.tenant import Tenant

_POWER = frozenset({"role", "areas", "is_active"})
"""What nobody changes about themselves."""


async def find_active(
    session: AsyncSession, tenant: Tenant | None, user_ids: Collection[UUID], *, who_may: Permission | None = None
) -> set[UUID]:
    """Those of them who work at this business and can log in, and have this permission."""
    if tenant is None or not user_ids:
        return set()
    query = select(UserRow.id, UserRow.role, UserRow.areas).where(
        UserRow.id.in_(user_ids), UserRow.tenant_id == tenant.id, UserRow.is_active, UserRow.role.in_(STAFF)
    )
    found = (await session.execute(query)).all()
    return {row.id for row in found if who_may is None or who_may in permissions_of(Role(row.role), row.areas)}


async def find_owners(session: AsyncSession, tenant_id: UUID) -> Sequence[UserRow]:
    """Who owns a business and can log in, to be told of what happens to it."""
    query = select(UserRow).where(
        UserRow.tenant_id == tenant_id,
        UserRow.role == Role.TENANT_OWNER,
        UserRow.is_active,
        UserRow.is_sandbox.is_(False),
    )
    return (await session.scalars(query.order_by(UserRow.id))).all()


async def find(session: AsyncSession, actor: Principal, filters: StaffFilters) -> Page[UserRow]:
    """A page of the people who work where the actor does, deactivated ones too. Raises CursorInvalid."""
    query = _visible_to(actor).where(
        equals(UserRow.role, Role.TENANT_STAFF if filters.area else None),
        equals(UserRow.role, filters.role),
        has_element(UserRow.areas, filters.area),
        equals(UserRow.is_active, filters.is_active),
        contains(filters.q, UserRow.name, UserRow.email),
        was_changed(filters, UserRow.created_at, UserRow.updated_at),
    )
    return await find_page(session, query, filters, ORDERS, by=UserRow.id, ids=filters.ids)


async def require(session: AsyncSession, actor: Principal, user_id: UUID) -> UserRow:
    """Somebody who works where the actor does. Raises UserNotFound."""
    user = (await session.scalars(_visible_to(actor).where(UserRow.id == user_id))).one_or_none()
    if user is None:
        raise UserNotFound("There is no member of staff {user_id}.", params={"user_id": user_id})
    return user


async def update(
    session: AsyncSession, actor: Principal, user_id: UUID, data: StaffUpdate, *, now: datetime
) -> UserRow:
    """Change somebody's name, role, areas or activity; all of it acts at once in every process.

    Whoever may change an owner is one, and cannot change themselves: so there is always one left. Raises UserNotFound,
    RoleDenied for what the actor's role does not reach, TierLimit for a return that the subscription has no room for,
    and ValidationFailed for areas of anybody but TENANT_STAFF.
    """
    await require(session, actor, user_id)
    people = await lock_with_keepers(session, actor.tenant.id if actor.tenant else None, user_id, actor.user_id)
    user = people[user_id]
    wanted = _wanted(user, data)
    _check_power(session, actor, people, user, wanted)
    _check_areas(user, data)
    is_active = wanted.pop("is_active", None)
    if "role" in wanted:
        _change_role(session, user, wanted["role"], now)
    if "areas" in wanted:
        _change_areas(session, user, wanted["areas"])
    if "name" in wanted:
        _rename(session, user, wanted["name"])
    if wanted:
        user.updated_at = now
    if _POWER & wanted.keys():
        await lending.end_lost(session, user, now=now)
    if is_active is not None:
        await (reactivate(session, user, now=now) if is_active else deactivate(session, user, people, now=now))
    return user


def _visible_to(actor: Principal) -> Select[tuple[UserRow]]:
    roles = staff_of(platform=actor.tenant is None)
    return select(UserRow).where(
        UserRow.tenant_id == (actor.tenant.id if actor.tenant else None),
        UserRow.role.in_(roles),
    )


def _wanted(user: UserRow, data: StaffUpdate) -> dict[str, Any]:
    """What is to be different. Whoever becomes TENANT_STAFF has the usual areas unless others are named."""
    named = changes(data)
    if named.get("role", user.role) == Role.TENANT_STAFF != user.role:
        named.setdefault("areas", [*DEFAULT_AREAS])
    return {name: value for name, value in named.items() if getattr(user, name) != value}


def _check_power(
    session: AsyncSession, actor: Principal, people: dict[UUID, UserRow], user: UserRow, wanted: dict[str, Any]
) -> None:
    about = _subject(user)
    if user.id == actor.user_id:
        if _POWER & wanted.keys():
            refuse(session, Sentence("Nobody changes their own role, areas or activity."), about=about)
        return
    asking = people.get(actor.user_id)
    if asking is None or not asking.is_active or asking.role != actor.role:  # lost while this request was waiting
        refuse(session, Sentence("The role that this needs has just been taken away."), about=about)
    require_rank(session, actor, user.role, about=about)
    require_rank(session, actor, wanted.get("role", user.role), about=about)


def _check_areas(user: UserRow, data: StaffUpdate) -> None:
    if data.areas is not None and (data.role or user.role) != Role.TENANT_STAFF:
        raise ValidationFailed(errors=[FieldError("/areas", "only TENANT_STAFF have areas", code="staff-only")])


def _change_role(session: AsyncSession, user: UserRow, role: Role, now: datetime) -> None:
    before = Role(user.role)
    user.role = role
    announce(session, user_tag(user.id))
    record(session, AuditEvent.USER_ROLE_CHANGED, about=_subject(user), diff=changed({"role": before}, {"role": role}))
    notify(session, user.id, NotificationKind.ROLE_CHANGED, {"role": role, "previous_role": before}, now=now)


def _change_areas(session: AsyncSession, user: UserRow, areas: list[Area]) -> None:
    diff = changed({"areas": user.areas}, {"areas": areas})
    user.areas = [*areas]
    announce(session, user_tag(user.id))
    record(session, AuditEvent.USER_AREAS_CHANGED, about=_subject(user), diff=diff)


def _rename(session: AsyncSession, user: UserRow, name: str) -> None:
    diff = changed({"name": user.name}, {"name": name})
    user.name = name
    record(session, AuditEvent.USER_CHANGED, about=_subject(user), diff=diff)


def _subject(user: UserRow) -> Subject:
    return Subject("user", user.id)
