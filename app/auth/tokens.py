"""API tokens: made, listed, revoked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import changed, record
from app.auth.principals import Principal
from app.auth.schemas import TokenCreate
from app.auth.tags import token_tag
from app.auth.token_format import hint_of, new_token
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.core.pagination import Page, PageRequest
from app.core.versions import VERSIONS
from app.db.invalidation import announce
from app.db.pages import newest_first
from app.errors import FieldError, SandboxNotAllowed, TokenNotFound, ValidationFailed
from app.models.public import ApiTokenRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant


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
    business with (a live token, and scopes of use in live mode alone), ValidationFailed for an expiry in the past.
    """
    mode = Mode.SANDBOX if data.mode == "test" else Mode.LIVE
    if actor.mode is Mode.SANDBOX and mode is Mode.LIVE:
        raise SandboxNotAllowed("A live token opens live data: leave the sandbox to make one.")
    for scope in data.scopes:
        actor.require(scope)
    if data.expires_at is not None and data.expires_at <= now:
        raise ValidationFailed(errors=[FieldError("/expires_at", "must lie in the future")])
    plaintext = new_token(mode)
    row = ApiTokenRow(
        id=uuid7(),
        tenant_id=tenant.id,
        created_by=actor.user_id,
        name=data.name,
        hint=hint_of(plaintext),
        digest=keyring.digest(plaintext),
        plaintext=plaintext if mode is Mode.SANDBOX else None,
        is_sandbox=mode is Mode.SANDBOX,
        scopes=list(data.scopes),
        api_version=VERSIONS.latest,
        expires_at=data.expires_at,
        revoked_at=None,
        created_at=now,
    )
    session.add(row)
    record(
        session,
        AuditEvent.TOKEN_CREATED,
        tenant_id=tenant.id,
        about=Subject("token", row.id),
        diff=changed({}, _told(row) | {"scopes": row.scopes, "expires_at": row.expires_at}),
    )
    return row, plaintext


async def find(session: AsyncSession, tenant: Tenant, page: PageRequest) -> Page[ApiTokenRow]:
    """The business's tokens that are not revoked, newest first."""
    query = select(ApiTokenRow).where(ApiTokenRow.tenant_id == tenant.id, ApiTokenRow.revoked_at.is_(None))
    return await newest_first(session, query, page, by=ApiTokenRow.id)


async def revoke(session: AsyncSession, tenant: Tenant, token_id: UUID, *, now: datetime) -> None:
    """End a token at once, in every process. Raises TokenNotFound."""
    query = select(ApiTokenRow).where(
        ApiTokenRow.id == token_id, ApiTokenRow.tenant_id == tenant.id, ApiTokenRow.revoked_at.is_(None)
    )
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise TokenNotFound
    row.revoked_at = now
    announce(session, token_tag(token_id))
    about = Subject("token", token_id)
    record(session, AuditEvent.TOKEN_REVOKED, tenant_id=tenant.id, about=about, diff=changed(_told(row), {}))


def _told(row: ApiTokenRow) -> dict[str, Any]:
    """What the audit trail recognises a token by."""
    mode = Mode.SANDBOX if row.is_sandbox else Mode.LIVE
    return {"name": row.name, "hint": row.hint, "mode": mode}
