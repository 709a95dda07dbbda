"""API tokens of a business."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth import tokens
from app.auth.dependencies import CanReadTokens, CanWriteTokens, Keys, Now, PublicSession
from app.auth.schemas import TokenCreate, TokenFilters, TokenRead, TokenRoll, TokenUpdate
from app.errors import CursorInvalid, SandboxNotAllowed, TokenExpired, TokenLimit, TokenNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter(prefix="/tokens", tags=["API tokens"], responses=problems(*PERMITTED))


@router.post("", status_code=201, summary="Make an API token", responses=problems(SandboxNotAllowed, TokenLimit))
async def create_token(
    body: TokenCreate,
    actor: CanWriteTokens,
    tenant: CurrentTenant,
    session: PublicSession,
    keyring: Keys,
    now: Now,
) -> TokenRead:
    """Make a token for this business's API. A live token is shown in this answer and never again.

    From live mode tokens of both modes can be made, from the sandbox test tokens alone.
    """
    row, plaintext = await tokens.create(session, keyring, actor, tenant, body, now=now)
    return TokenRead.of(row, token=plaintext)


@router.get("", summary="List API tokens", responses=problems(CursorInvalid))
async def list_tokens(
    _actor: CanReadTokens,
    tenant: CurrentTenant,
    session: PublicSession,
    filters: Annotated[TokenFilters, Query()],
) -> PageRead[TokenRead]:
    """The tokens that are not revoked, newest first."""
    found = await tokens.find(session, tenant, filters)
    return PageRead[TokenRead].model_validate(found.holding([TokenRead.of(row) for row in found.items]))


@router.get("/{token_id}", summary="Get an API token", responses=problems(TokenNotFound))
async def get_token(token_id: UUID, _actor: CanReadTokens, tenant: CurrentTenant, session: PublicSession) -> TokenRead:
    """One token that is not revoked: a live one without its plaintext."""
    return TokenRead.of(await tokens.require(session, tenant, token_id))


@router.patch("/{token_id}", summary="Change an API token", responses=problems(TokenNotFound))
async def update_token(
    token_id: UUID, body: TokenUpdate, _actor: CanWriteTokens, tenant: CurrentTenant, session: PublicSession
) -> TokenRead:
    """Change its name, from where it may be used, or the version it speaks.

    Its scopes stay as they are: make another token for others.
    """
    return TokenRead.of(await tokens.update(session, tenant, token_id, body))


@router.post(
    "/{token_id}/roll", status_code=201, summary="Roll an API token", responses=problems(TokenNotFound, TokenExpired)
)
async def roll_token(
    token_id: UUID,
    actor: CanWriteTokens,
    tenant: CurrentTenant,
    session: PublicSession,
    keyring: Keys,
    now: Now,
    body: TokenRoll | None = None,
) -> TokenRead:
    """Make a token like this one, which goes on working until the overlap is over.

    A live token is shown in this answer and never again.
    """
    data = body or TokenRoll.model_validate({})
    row, plaintext = await tokens.roll(session, keyring, actor, tenant, token_id, data, now=now)
    return TokenRead.of(row, token=plaintext)


@router.delete("/{token_id}", status_code=204, summary="Revoke an API token", responses=problems(TokenNotFound))
async def revoke_token(
    token_id: UUID, _actor: CanWriteTokens, tenant: CurrentTenant, session: PublicSession, now: Now
) -> None:
    """End a token at once."""
    await tokens.revoke(session, tenant, token_id, now=now)
