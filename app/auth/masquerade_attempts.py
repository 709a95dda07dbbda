"""Attempts to act in somebody's place: held against the rules, and kept whatever comes of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Unpack
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import Who, changed, context_of, record
from app.auth.masquerade_rules import Person, no_power, objection
from app.auth.roles import Role
from app.auth.session_limits import limits_of
from app.errors import MasqueradeDenied, Sentence
from app.models.public import TenantRow, UserRow, UserSessionRow


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who wants to act as whom, from which session, and why."""

    session_id: UUID
    target_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """An attempt that no rule stands against, with everybody it is about."""

    actor: UserRow
    session_id: UUID
    session_ends_at: datetime
    target: UserRow
    tenant: TenantRow | None
    reason: str


async def judge(session: AsyncSession, attempt: Attempt, *, now: datetime) -> Allowed:
    """Hold an attempt against the rules as things are now. Raises MasqueradeDenied, of which the trail is told."""
    begun_from = (
        select(UserRow, UserSessionRow)
        .join(UserSessionRow, UserSessionRow.user_id == UserRow.id)
        .where(UserSessionRow.id == attempt.session_id)
    )
    actor, own = (await session.execute(begun_from)).one()
    target, tenant = await _find(session, attempt.target_id)
    ends_at = limits_of(Role(actor.role)).end(rotated_at=own.rotated_at, expires_at=own.expires_at)
    if own.revoked_at is not None or ends_at <= now:
        rule: Sentence | None = Sentence("The session that it was to be begun from has ended.")
    elif target is None:
        rule = no_power(Role(actor.role))
    else:
        rule = objection(person(actor, None, now=now), person(target, tenant, now=now))
    if target is None or rule is not None:
        who = Who(actor_id=actor.id, actor_email=actor.email, session_id=own.id)
        _deny(session, attempt.target_id, target, rule=str(rule), reason=attempt.reason, **who)
        raise MasqueradeDenied(rule)
    return Allowed(actor, own.id, ends_at, target, tenant, attempt.reason)


def aim_of(body: bytes) -> tuple[UUID | None, str | None]:
    """Whom a request's body means and the reason it gives, as far as they can be read. It may be anything."""
    try:
        asked = orjson.loads(body)
        return UUID(asked["user_id"]), str(asked.get("reason", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None, None


async def note_denied(session: AsyncSession, target_id: UUID | None, *, rule: str, reason: str | None) -> None:
    """Keep the attempt of a caller who was refused before anybody looked at whom they meant."""
    target, _ = await _find(session, target_id) if target_id else (None, None)
    _deny(session, target_id, target, rule=rule, reason=reason)


def person(user: UserRow, tenant: TenantRow | None, *, now: datetime) -> Person:
    """What the rules look at in a stored user of this business."""
    return Person(
        user.id,
        Role(user.role),
        user.tenant_id,
        is_active=user.is_active,
        is_demo=tenant is not None and tenant.is_temporary,
        is_served=tenant is None or _is_served(tenant, now),
    )


def _is_served(tenant: TenantRow, now: datetime) -> bool:
    return tenant.status == "active" and (tenant.demo_expires_at is None or tenant.demo_expires_at > now)


async def _find(session: AsyncSession, user_id: UUID) -> tuple[UserRow | None, TenantRow | None]:
    """A user who can be acted as in principle, with their business. Sandbox users never log in."""
    query = (
        select(UserRow, TenantRow)
        .outerjoin(TenantRow, TenantRow.id == UserRow.tenant_id)
        .where(UserRow.id == user_id, UserRow.is_sandbox.is_(False))
    )
    found = (await session.execute(query)).one_or_none()
    return (found[0], found[1]) if found else (None, None)


def _deny(
    session: AsyncSession,
    target_id: UUID | None,
    target: UserRow | None,
    *,
    rule: str | None,
    reason: str | None,
    **who: Unpack[Who],
) -> None:
    """Record it where it was aimed at. A business's trail shows nothing of users who are not its own."""
    home = context_of(session).tenant_id
    seen = target if target is not None and home in {None, target.tenant_id} else None
    record(
        session,
        AuditEvent.MASQUERADE_DENIED,
        about=Subject("user", target_id) if target_id else None,
        tenant_id=seen.tenant_id if seen else home,
        result=Result.DENIED,
        reason=reason,
        diff=changed({}, {"rule": rule}),
        **who | Who(user_id=seen.id if seen else None, user_email=target.email if target else None),
    )
