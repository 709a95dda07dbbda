"""Lending permissions to colleagues, and taking them back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.grant_schemas import GrantCreate, GrantFilters, GrantRevoke, GrantState
from app.auth.grants import BORROWERS, is_active, lendable_by, stands
from app.auth.permissions import GRANTABLE, Permission
from app.auth.principals import Principal
from app.auth.roles import Role
from app.auth.tags import user_tag
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.core.pagination import Page
from app.db.conditions import equals, was_made
from app.db.invalidation import announce
from app.db.pages import Orders, find_page
from app.errors import GrantDenied, GrantNotFound, PermissionDenied, UserNotFound
from app.mail.messages import GrantGiven
from app.mail.outbox import Mail, send
from app.models.public import PermissionGrantRow, UserRow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.mode import Mode

_ORDERS: Orders = {"created_at": PermissionGrantRow.created_at, "expires_at": PermissionGrantRow.expires_at}
_TAKING_BACK_ANY = frozenset({Role.SUPERUSER, Role.TENANT_OWNER})
"""Who takes back what others have lent, too."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A lent permission, with the two whom it concerns."""

    row: PermissionGrantRow
    grantor: UserRow
    grantee: UserRow


async def give(
    session: AsyncSession, keyring: Keyring, actor: Principal, data: GrantCreate, *, now: datetime
) -> list[Lent]:
    """Lend a colleague permissions of the actor's own role. They count at once, in every process.

    Nobody takes power away from either of the two meanwhile. Raises UserNotFound for whoever is not of the same place,
    and GrantDenied.
    """
    actor.in_person()
    people = await _hold(session, {actor.user_id, data.grantee_id})
    grantor, grantee = people[actor.user_id], people.get(data.grantee_id)
    if grantee is None or grantee.tenant_id != grantor.tenant_id or grantee.is_sandbox:
        raise UserNotFound("There is no user {user_id}.", params={"user_id": data.grantee_id})
    _refuse_grantee(grantor, grantee)
    for permission in data.permissions:
        _refuse_permission(grantor, permission)
    lent = [Lent(_grant(grantor, grantee, permission, data, now), grantor, grantee) for permission in data.permissions]
    session.add_all(each.row for each in lent)
    announce(session, user_tag(grantee.id))
    await _tell(session, keyring, lent, now=now)
    return lent


async def find(session: AsyncSession, actor: Principal, filters: GrantFilters, *, now: datetime) -> Page[Lent]:
    """A page of what was lent at the actor's place. Raises CursorInvalid."""
    tenant_id = actor.tenant.id if actor.tenant else filters.tenant_id
    query = select(PermissionGrantRow).where(
        PermissionGrantRow.tenant_id == tenant_id,
        true() if filters.state is None else _is(filters.state, now),
        equals(PermissionGrantRow.grantee_id, filters.grantee_id),
        equals(PermissionGrantRow.grantor_id, filters.grantor_id),
        equals(PermissionGrantRow.permission, filters.permission),
        was_made(filters, PermissionGrantRow.created_at),
    )
    found = await find_page(session, query, filters, _ORDERS, by=PermissionGrantRow.id, ids=filters.ids)
    return found.holding(await _with_people(session, found.items))


async def revoke(session: AsyncSession, actor: Principal, grant_id: UUID, *, now: datetime) -> Lent:
    """Take a permission back at once, in every process; nothing happens if it has ended already.

    Raises GrantNotFound, and PermissionDenied for what others have lent, unless the actor may take that back as well.
    """
    query = select(PermissionGrantRow).where(PermissionGrantRow.id == grant_id, _in_sight_of(actor))
    row = (await session.scalars(query.with_for_update())).one_or_none()
    if row is None:
        raise GrantNotFound("There is no permission grant {grant_id}.", params={"grant_id": grant_id})
    if row.grantor_id != actor.user_id and actor.role not in _TAKING_BACK_ANY:
        raise PermissionDenied("Only whoever has lent it, or an owner, can take it back.")
    if is_active(row, now=now):
        await _take_back(session, actor, [row], now=now)
    (lent,) = await _with_people(session, [row])
    return lent


async def revoke_many(session: AsyncSession, actor: Principal, which: GrantRevoke, *, now: datetime) -> list[Lent]:
    """Take back what of these has not ended and the actor may take back; what that was."""
    condition = PermissionGrantRow.grantor_id == actor.user_id
    if which.ids is not None:
        condition = PermissionGrantRow.id.in_(which.ids)
    if which.grantee_id is not None:
        condition = PermissionGrantRow.grantee_id == which.grantee_id
    if actor.role not in _TAKING_BACK_ANY:
        condition = and_(condition, PermissionGrantRow.grantor_id == actor.user_id)
    query = (
        select(PermissionGrantRow)
        .where(condition, _in_sight_of(actor), _is(GrantState.ACTIVE, now))
        .order_by(PermissionGrantRow.id)
        .with_for_update()
    )
    rows = (await session.scalars(query)).all()
    await _take_back(session, actor, rows, now=now)
    return await _with_people(session, rows)


async def end_lost(session: AsyncSession, user: UserRow, *, now: datetime) -> None:
    """End for good what the user has lent or was lent, as far as it does not stand any more; nothing brings it back.

    Whoever takes a role, areas or activity away calls it in that transaction, with the user locked.
    """
    query = (
        select(PermissionGrantRow)
        .where(
            or_(PermissionGrantRow.grantor_id == user.id, PermissionGrantRow.grantee_id == user.id),
            _is(GrantState.ACTIVE, now),
        )
        .order_by(PermissionGrantRow.id)
        .with_for_update()
    )
    for each in await _with_people(session, (await session.scalars(query)).all()):
        if not stands(each.row, each.grantor, each.grantee, now=now):
            _end(session, each.row, now=now, reason="The power that it rested on was taken away.")


def _refuse_grantee(grantor: UserRow, grantee: UserRow) -> None:
    if grantee.id == grantor.id:
        raise GrantDenied("Nobody can lend anything to themselves.")
    if Role(grantee.role) not in BORROWERS:
        raise GrantDenied("The role {role} cannot be lent anything.", params={"role": grantee.role})
    if not grantee.is_active:
        raise GrantDenied("The user is deactivated.")


def _refuse_permission(grantor: UserRow, permission: Permission) -> None:
    if permission not in GRANTABLE:
        raise GrantDenied("'{permission}' cannot be lent.", params={"permission": permission})
    if permission not in lendable_by(grantor):
        raise GrantDenied("Your own role does not have '{permission}'.", params={"permission": permission})


def _grant(
    grantor: UserRow, grantee: UserRow, permission: Permission, data: GrantCreate, now: datetime
) -> PermissionGrantRow:
    return PermissionGrantRow(
        id=uuid7(),
        tenant_id=grantor.tenant_id,
        grantor_id=grantor.id,
        grantee_id=grantee.id,
        permission=permission,
        reason=data.reason,
        expires_at=now + timedelta(minutes=data.minutes),
        revoked_at=None,
        revoked_by=None,
        created_at=now,
    )


async def _tell(session: AsyncSession, keyring: Keyring, lent: Sequence[Lent], *, now: datetime) -> None:
    """Tell the trail and the grantee of permissions that were lent together."""
    grantor, grantee, expires_at = lent[0].grantor, lent[0].grantee, lent[0].row.expires_at
    for each in lent:
        row = each.row
        after = {"permission": row.permission, "grantee_id": row.grantee_id, "expires_at": row.expires_at}
        record(
            session,
            AuditEvent.GRANT_GIVEN,
            about=Subject("grant", row.id),
            reason=row.reason,
            diff=changed({}, after),
        )
        told = {
            "permission": row.permission,
            "grantor": grantor.name,
            "reason": row.reason,
            "expires_at": row.expires_at,
        }
        notify(session, grantee.id, NotificationKind.GRANT_GIVEN, told, now=now)
    message = GrantGiven(
        grantor=grantor.name,
        permission=", ".join(each.row.permission for each in lent),
        reason=lent[0].row.reason,
        expires_at=expires_at,
    )
    mail = Mail(grantee.email, grantee.name, message, tenant_id=grantee.tenant_id, mode=Mode.LIVE)
    await send(session, keyring, mail, now=now)


async def _take_back(
    session: AsyncSession, actor: Principal, rows: Sequence[PermissionGrantRow], *, now: datetime
) -> None:
    revoker = (await _find_people(session, {actor.user_id}))[actor.user_id]
    for row in rows:
        _end(session, row, now=now, revoker=revoker)


def _end(
    session: AsyncSession,
    row: PermissionGrantRow,
    *,
    now: datetime,
    revoker: UserRow | None = None,
    reason: str | None = None,
) -> None:
    row.revoked_at, row.revoked_by = now, revoker.id if revoker else None
    announce(session, user_tag(row.grantee_id))
    record(
        session,
        AuditEvent.GRANT_REVOKED,
        about=Subject("grant", row.id),
        tenant_id=row.tenant_id,
        reason=reason,
        diff=changed({"permission": row.permission, "grantee_id": row.grantee_id}, {}),
    )
    told = {"permission": row.permission, "revoker": revoker.name if revoker else None}
    notify(session, row.grantee_id, NotificationKind.GRANT_REVOKED, told, now=now)


def _in_sight_of(actor: Principal) -> ColumnElement[bool]:
    """What was lent at the actor's business; for the platform's people, anywhere."""
    return PermissionGrantRow.tenant_id == actor.tenant.id if actor.tenant else true()


def _is(state: GrantState, now: datetime) -> ColumnElement[bool]:
    not_revoked = PermissionGrantRow.revoked_at.is_(None)
    return {
        GrantState.ACTIVE: and_(not_revoked, PermissionGrantRow.expires_at > now),
        GrantState.EXPIRED: and_(not_revoked, PermissionGrantRow.expires_at <= now),
        GrantState.REVOKED: PermissionGrantRow.revoked_at.is_not(None),
    }[state]


async def _with_people(session: AsyncSession, rows: Sequence[PermissionGrantRow]) -> list[Lent]:
    people = await _find_people(session, {id_ for row in rows for id_ in (row.grantor_id, row.grantee_id)})
    return [Lent(row, people[row.grantor_id], people[row.grantee_id]) for row in rows]


async def _find_people(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    return {user.id: user for user in await session.scalars(select(UserRow).where(UserRow.id.in_(ids)))}


async def _hold(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, UserRow]:
    """These people, whom nobody else changes before this transaction has ended."""
    query = select(UserRow).where(UserRow.id.in_(ids)).order_by(UserRow.id).with_for_update(read=True)
    return {user.id: user for user in await session.scalars(query.execution_options(populate_existing=True))}
