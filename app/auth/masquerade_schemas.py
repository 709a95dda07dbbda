"""Masquerades as they travel."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.auth.roles import Role
from app.auth.schemas import UserRead
from app.core.filters import Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import Reason, RequestModel, ResponseModel, SearchText
from app.models.public import TenantRow, UserRow


class MasqueradeCreate(RequestModel):
    user_id: UUID
    reason: Reason
    """The user and the owner of the business are told it, and the audit trail keeps it."""


class MasqueradeRedeem(RequestModel):
    code: str = Field(max_length=100)
    """What `handover.code` said on the platform's host."""


class MasqueradeSessionRead(ResponseModel):
    """A session in the user's place, without a refresh token: it ends when its access token does."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds until it ends: half an hour at most."""
    expires_at: datetime
    csrf_token: str
    """To be sent as `X-CSRF-Token` with every write that the cookie authenticates."""
    user: UserRead
    """In whose place the caller acts."""


class HandoverCode(ResponseModel):
    url: str
    """The page to go to, on the business's own host. Its fragment holds the code."""
    code: str
    """The code alone, for `POST /api/v1/masquerade/redeem` on that host. It works once."""
    expires_at: datetime


class HandoverRead(ResponseModel):
    """The user belongs to another host: there the masquerade begins, within a minute."""

    handover: HandoverCode


class CandidateTenant(ResponseModel):
    id: UUID
    slug: str
    name: str
    is_temporary: bool


class CandidateRead(ResponseModel):
    """Somebody in whose place the caller may act now."""

    id: UUID
    email: str
    name: str
    role: Role
    tenant: CandidateTenant | None
    """Null for the platform's own people."""

    @classmethod
    def of(cls, user: UserRow, tenant: TenantRow | None) -> Self:
        """A user and their business as stored."""
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            role=Role(user.role),
            tenant=CandidateTenant.model_validate(tenant) if tenant else None,
        )


class CandidateFilters(Dated, PageRequest):
    """Which candidates are wanted, and which page of them."""

    sort: Annotated[Literal["name", "-name", "email", "-email", "created_at", "-created_at"], ORDER] = "-created_at"
    ids: Ids = ()
    tenant_id: UUID | None = None
    """Only users of this business."""
    role: Role | None = None
    q: SearchText | None = None
    """Part of the name or e-mail address."""
