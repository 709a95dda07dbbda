"""API tokens: made, listed, changed, rolled, revoked."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.auth.schemas import TokenCreate, TokenData, TokenFilters, TokenRoll, TokenUpdate
from app.auth.tags import token_tag
from app.auth.token_format import hint_of, new_token
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.core.pagination import Page
from app.core.patch import apply, changes
from app.core.versions import VERSIONS
from app.db.conditions import caseless, contains, has_element, was_made
from app.db.invalidation import announce
from app.db.pages import Orders, find_page
from app.errors import FieldError, SandboxNotAllowed, TokenExpired, TokenLimit, TokenNotFound, ValidationFailed
from app.events import outbox
from app.events.catalogue import EventType
from app.events.outbox import Event
from app.models.public import ApiTokenRow
from app.tenancy.mode import Mode
from app.tenancy.shared_rows import meaning
from app.tenancy.tenant import Tenant

_ORDERS: Orders = {"name": caseless(ApiTokenRow.name), "created_at": ApiTokenRow.created_at}

MOST = 100
"""How many tokens a business may have in each mode, beside those that replace others."""


async def create(
    session: AsyncSession,
    keyring: Keyring,
    actor: Principal,
    tenant: Tenant,
    data: TokenCreate,
    *,
    now: datetime,
) -> tuple[ApiTokenRow, str]:
    """Make a token; its plaintext is returned here and, for a live one, never again.

    Raises PermissionDenied for a scope that the maker does not have, SandboxNotAllowed for what the sandbox has no
    business with (a live token, and scopes of use in live mode alone), ValidationFailed for an expiry in the past,
    and TokenLimit.
    """
    mode = Mode.SANDBOX if data.mode == "test" else Mode.LIVE
    if actor.mode is Mode.SANDBOX and mode is Mode.LIVE:
        raise SandboxNotAllowed("A live token opens live data: leave the sandbox to make one.")
    for scope in data.scopes:
        actor.require(scope)
    if data.expires_at is not None and data.expires_at <= now:
        raise ValidationFailed(errors=[FieldError("/expires_at", "must lie in the future", code="in-the-past")])
    await _require_room(session, tenant, is_sandbox=mode is Mode.SANDBOX)
    row = ApiTokenRow(
        tenant_id=tenant.id,
        created_by=actor.user_id,
        name=data.name,
        is_sandbox=mode is Mode.SANDBOX,
        scopes=list(data.scopes),
        api_version=VERSIONS.latest,
        expires_at=data.expires_at,
        allowed_networks=data.allowed_networks,
        rolled_from_id=None,
    )
    return row, _issue(session, keyring, tenant, row, now=now)


async def find(session: AsyncSession, tenant: Tenant, filters: TokenFilters) -> Page[ApiTokenRow]:
    """A page of the business's tokens that are not revoked, of the caller's mode. Raises CursorInvalid."""
    query = select(ApiTokenRow).where(
        ApiTokenRow.tenant_id == tenant.id,
        ApiTokenRow.revoked_at.is_(None),
        has_element(ApiTokenRow.scopes, filters.scope),
        contains(filters.q, ApiTokenRow.name),
        was_made(filters, ApiTokenRow.created_at),
    )
    return await find_page(session, query, filters, _ORDERS, by=ApiTokenRow.id, ids=filters.ids)


async def require(session: AsyncSession, tenant: Tenant, token_id: UUID, *, for_update: bool = False) -> ApiTokenRow:
    """A token of the business that is not revoked. Raises TokenNotFound."""
    query = select(ApiTokenRow).where(
        ApiTokenRow.id == token_id, ApiTokenRow.tenant_id == tenant.id, ApiTokenRow.revoked_at.is_(None)
    )
    row = (await session.scalars(query.with_for_update() if for_update else query)).one_or_none()
    if row is None:
        raise TokenNotFound
    return row


async def update(session: AsyncSession, tenant: Tenant, token_id: UUID, data: TokenUpdate) -> ApiTokenRow:
    """Change what the body names, at once in every process. Raises TokenNotFound."""
    row = await require(session, tenant, token_id, for_update=True)
    wanted = changes(data)
    before = {name: getattr(row, name) for name in wanted}
    if apply(row, wanted):
        announce(session, token_tag(token_id))
        _tell(session, AuditEvent.TOKEN_CHANGED, row, changed(before, wanted))
    return row


async def roll(
    session: AsyncSession,
    keyring: Keyring,
    actor: Principal,
    tenant: Tenant,
    token_id: UUID,
    data: TokenRoll,
    *,
    now: datetime,
) -> tuple[ApiTokenRow, str]:
    """Make a token like this one, which it replaces once the overlap is over. It acts for whoever rolls it.

    One that was to expire gets as long a life as the old one had. Raises TokenNotFound, TokenExpired, and
    PermissionDenied for a scope that the caller does not have.
    """
    old = await require(session, tenant, token_id, for_update=True)
    if old.expires_at is not None and old.expires_at <= now:
        raise TokenExpired
    for scope in old.scopes:
        actor.require(Permission(scope))
    row = ApiTokenRow(
        tenant_id=tenant.id,
        created_by=actor.user_id,
        name=old.name,
        is_sandbox=old.is_sandbox,
        scopes=list(old.scopes),
        api_version=old.api_version,
        expires_at=now + (old.expires_at - old.created_at) if old.expires_at else None,
        allowed_networks=list(old.allowed_networks),
        rolled_from_id=old.id,
    )
    plaintext = _issue(session, keyring, tenant, row, now=now)
    if data.overlap_seconds:
        ends = now + timedelta(seconds=data.overlap_seconds)
        before, old.expires_at = old.expires_at, min(old.expires_at or ends, ends)
        _tell(session, AuditEvent.TOKEN_ROLLED, old, changed({"expires_at": before}, {"expires_at": old.expires_at}))
        announce(session, token_tag(old.id))
    else:
        _revoke(session, tenant, old, now=now)
    return row, plaintext


async def revoke(session: AsyncSession, tenant: Tenant, token_id: UUID, *, now: datetime) -> None:
    """End a token at once, in every process. Raises TokenNotFound."""
    _revoke(session, tenant, await require(session, tenant, token_id, for_update=True), now=now)


async def _require_room(session: AsyncSession, tenant: Tenant, *, is_sandbox: bool) -> None:
    """See that the business may have one more token: each has a quota of its own. Raises TokenLimit."""
    tokens = ApiTokenRow.__table__  # not its class: the mode is the token's, not the caller's
    is_kept = (tokens.c.tenant_id == tenant.id, tokens.c.is_sandbox == is_sandbox, tokens.c.revoked_at.is_(None))
    kept = await session.scalar(select(func.count()).select_from(tokens).where(*is_kept)) or 0
    if kept >= MOST:
        raise TokenLimit


def _issue(session: AsyncSession, keyring: Keyring, tenant: Tenant, row: ApiTokenRow, *, now: datetime) -> str:
    """Give the row a fresh token; its plaintext."""
    plaintext = new_token(Mode.SANDBOX if row.is_sandbox else Mode.LIVE)
    row.id = uuid7()
    row.hint = hint_of(plaintext)
    row.digest = keyring.digest(plaintext)
    row.plaintext = plaintext if row.is_sandbox else None
    row.revoked_at = None
    row.created_at = now
    session.add(row)
    diff = {"scopes": row.scopes, "expires_at": row.expires_at, "allowed_networks": row.allowed_networks}
    _tell(session, AuditEvent.TOKEN_CREATED, row, changed({}, _told(row) | diff))
    _tell_business(session, EventType.TOKEN_CREATED, tenant, row, now=now)
    return plaintext


def _revoke(session: AsyncSession, tenant: Tenant, row: ApiTokenRow, *, now: datetime) -> None:
    row.revoked_at = now
    announce(session, token_tag(row.id))
    _tell(session, AuditEvent.TOKEN_REVOKED, row, changed(_told(row), {}))
    _tell_business(session, EventType.TOKEN_REVOKED, tenant, row, now=now)


def _tell_business(session: AsyncSession, kind: EventType, tenant: Tenant, row: ApiTokenRow, *, now: datetime) -> None:
    """In the mode of the token, which may be another than that of whoever makes or revokes it."""
    schema = tenant.schema(Mode.SANDBOX if row.is_sandbox else Mode.LIVE)
    outbox.record(session, Event(kind, now, row.id, TokenData.told(row).model_dump()), schema=schema)


def _tell(session: AsyncSession, event: AuditEvent, row: ApiTokenRow, diff: Any) -> None:
    record(session, event, tenant_id=row.tenant_id, about=Subject("token", row.id), diff=diff)


def _told(row: ApiTokenRow) -> dict[str, Any]:
    """What the audit trail recognises a token by."""
    mode = Mode.SANDBOX if row.is_sandbox else Mode.LIVE
    return {"name": row.name, "hint": row.hint, "mode": mode}


async def readable_of(session: AsyncSession, actor: Principal, *, now: datetime) -> str | None:
    """The newest test token that this user has made and may read; None if there is none that works."""
    if Permission.TOKENS_READ not in actor.permissions:
        return None
    query = (
        select(ApiTokenRow.plaintext)
        .where(
            ApiTokenRow.created_by == actor.user_id,
            ApiTokenRow.is_sandbox,
            ApiTokenRow.revoked_at.is_(None),
            or_(ApiTokenRow.expires_at.is_(None), ApiTokenRow.expires_at > now),
        )
        .order_by(ApiTokenRow.id.desc())
        .limit(1)
    )
    return await session.scalar(query, execution_options=meaning(Mode.SANDBOX))
