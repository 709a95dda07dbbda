"""What the database says of a session or an API token: who that is now, and until when it can be relied on."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.auth import grants
from app.auth.masquerade_rules import Person, objection
from app.auth.permissions import WITHHELD_WHILE_MASQUERADING, Permission, permissions_of
from app.auth.principals import Actor, Principal
from app.auth.roles import Role
from app.auth.session_limits import limits_of
from app.auth.tags import session_tag, token_tag, user_tag
from app.auth.token_networks import parse_networks
from app.models.public import ApiTokenRow, PasskeyRow, TotpSecretRow, UserRow, UserSessionRow
from app.tenancy.hosts import Host
from app.tenancy.mode import Mode

_ActorRow = aliased(UserRow)
_ActorSessionRow = aliased(UserSessionRow)
_HAS_SECOND_FACTOR = or_(
    exists().where(TotpSecretRow.user_id == UserRow.id, TotpSecretRow.confirmed_at.is_not(None)),
    exists().where(PasskeyRow.user_id == UserRow.id),
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A principal, the tags of what it was read from, and the instants at which time alone changes it."""

    principal: Principal
    tags: tuple[str, ...]
    changes_at: tuple[datetime, ...] = field(default=())

    def is_outdated(self, now: datetime) -> bool:
        """Whether it has to be read anew."""
        return self.has_ended(now) or any(instant <= now for instant in self.changes_at)

    def has_ended(self, now: datetime) -> bool:
        """Whether the session or token has."""
        return self.principal.expires_at is not None and self.principal.expires_at <= now


async def load_session(
    session: AsyncSession, session_id: UUID, host: Host, wants_second_factor: bool, now: datetime
) -> Loaded | None:
    """The user of a session that has not been revoked, at the host they belong to; else None."""
    row = (await session.execute(_session_query(session_id, host))).first()
    if row is None:
        return None
    user, current = row.UserRow, row.UserSessionRow
    role = Role(user.role)
    standing = Principal(
        user_id=user.id,
        email=user.email,
        role=role,
        tenant=host.tenant,
        mode=Mode.LIVE,
        permissions=permissions_of(role, user.areas),
        session_id=session_id,
        expires_at=limits_of(role).end(rotated_at=current.rotated_at, expires_at=current.expires_at),
        must_enrol=wants_second_factor and role.is_platform and not row.has_second_factor,
    )
    tags = (session_tag(session_id), user_tag(user.id), *_tenant_tags(host))
    if current.actor_id is not None:
        return _masked(standing, tags, row, host)
    if standing.must_enrol:
        return Loaded(replace(standing, permissions=frozenset()), tags)
    lent = [
        grant
        for grant in await grants.active_for(session, user.id, now=now)
        if grant.permission not in standing.permissions
    ]
    return Loaded(
        replace(standing, permissions=standing.permissions | {grant.permission for grant in lent}, grants=tuple(lent)),
        (*tags, *(user_tag(grant.grantor_id) for grant in lent)),
        tuple(grant.expires_at for grant in lent),
    )


def _session_query(session_id: UUID, host: Host) -> Any:
    return (
        select(UserRow, UserSessionRow, _ActorRow, _ActorSessionRow, _HAS_SECOND_FACTOR.label("has_second_factor"))
        .join(UserSessionRow, UserSessionRow.user_id == UserRow.id)
        .outerjoin(_ActorRow, _ActorRow.id == UserSessionRow.actor_id)
        .outerjoin(_ActorSessionRow, _ActorSessionRow.id == UserSessionRow.actor_session_id)
        .where(
            UserSessionRow.id == session_id,
            UserSessionRow.revoked_at.is_(None),
            UserRow.is_active,
            UserRow.tenant_id == (host.tenant.id if host.tenant else None),
        )
    )


def _masked(standing: Principal, tags: tuple[str, ...], row: Row[Any], host: Host) -> Loaded | None:
    """The user as whom somebody else acts; None as soon as the matrix or the end of their own session forbids it."""
    user, actor, begun_from = row.UserRow, row[2], row[3]
    real = Person(actor.id, Role(actor.role), actor.tenant_id, is_active=actor.is_active)
    is_demo = host.tenant is not None and host.tenant.is_temporary
    worn = Person(user.id, standing.role, user.tenant_id, is_active=user.is_active, is_demo=is_demo)
    if objection(real, worn) is not None or begun_from.revoked_at is not None:
        return None
    limits = limits_of(real.role)
    ends = [standing.expires_at, limits.end(rotated_at=begun_from.rotated_at, expires_at=begun_from.expires_at)]
    principal = replace(
        standing,
        permissions=standing.permissions - WITHHELD_WHILE_MASQUERADING,
        actor=Actor(actor.id, actor.email, real.role, begun_from.id, row.UserSessionRow.reason),
        expires_at=min(end for end in ends if end is not None),
        must_enrol=False,
    )
    return Loaded(principal, (*tags, user_tag(actor.id), session_tag(begun_from.id)))


async def load_token(session: AsyncSession, digest: bytes, mode: Mode, host: Host) -> Loaded | None:
    """The user that an API token of this business and mode acts for, within the token's scopes; else None."""
    if host.tenant is None:
        return None
    query = (
        select(ApiTokenRow, UserRow)
        .join(UserRow, UserRow.id == ApiTokenRow.created_by)
        .where(
            ApiTokenRow.digest == digest,
            ApiTokenRow.revoked_at.is_(None),
            ApiTokenRow.tenant_id == host.tenant.id,
            ApiTokenRow.is_sandbox == (mode is Mode.SANDBOX),
            UserRow.is_active,
        )
    )
    found = (await session.execute(query)).first()
    if found is None:
        return None
    token, user = found
    role = Role(user.role)
    principal = Principal(
        user_id=user.id,
        email=user.email,
        role=role,
        tenant=host.tenant,
        mode=mode,
        permissions=permissions_of(role, user.areas) & {Permission(scope) for scope in token.scopes},
        token_id=token.id,
        api_version=token.api_version,
        expires_at=token.expires_at,
        allowed_networks=parse_networks(token.allowed_networks),
    )
    return Loaded(principal, (token_tag(token.id), user_tag(user.id), *_tenant_tags(host)))


async def find_tenant(session: AsyncSession, digest: bytes) -> Row[tuple[UUID, UUID]] | None:
    """The id of a token that has not been revoked, and that of its business."""
    query = select(ApiTokenRow.id, ApiTokenRow.tenant_id).where(
        ApiTokenRow.digest == digest, ApiTokenRow.revoked_at.is_(None)
    )
    return (await session.execute(query)).one_or_none()


def _tenant_tags(host: Host) -> tuple[str, ...]:
    return (host.tenant.tag,) if host.tenant else ()
