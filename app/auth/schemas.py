"""Log-ins, callers and API tokens as they travel."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, EmailStr, Field, StringConstraints, field_validator

from app.auth.passwords import MAX_LENGTH
from app.auth.permissions import SCOPES, Area, Permission
from app.auth.roles import Role
from app.core.schemas import Instant, Name, RequestModel, ResponseModel
from app.models.public import ApiTokenRow, UserRow

TokenMode = Literal["live", "test"]
Password = Annotated[
    str,
    StringConstraints(strip_whitespace=False, max_length=MAX_LENGTH),
    Field(examples=["a long and private phrase"]),
]
"""A password exactly as it was typed, its spaces too."""


class LoginRequest(RequestModel):
    email: Annotated[EmailStr, Field(examples=["owner@demo.example"])]
    password: Password


class RefreshRequest(RequestModel):
    refresh_token: str | None = Field(None, max_length=256)
    """Left out by browsers, whose cookie carries it."""


def areas_of(row: UserRow) -> list[Area]:
    """The areas that count: none for any role but TENANT_STAFF."""
    return sorted(set(map(Area, row.areas))) if row.role == Role.TENANT_STAFF else []


class UserRead(ResponseModel):
    id: UUID
    email: str
    name: str
    role: Role
    areas: list[Area]
    """What the owner has given a member of staff to do; empty for every other role."""
    tenant_id: UUID | None
    email_verified: bool

    @classmethod
    def of(cls, row: UserRow) -> Self:
        """A user as stored."""
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            areas=areas_of(row),
            tenant_id=row.tenant_id,
            email_verified=row.email_verified_at is not None,
        )


class SessionRead(ResponseModel):
    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds until the access token expires."""
    expires_at: datetime
    """When the session ends, unless it is refreshed before."""
    csrf_token: str
    """To be sent as `X-CSRF-Token` with every write that the cookie authenticates."""
    user: UserRead


class TenantSummary(ResponseModel):
    id: UUID
    slug: str
    name: str
    timezone: str
    currency: str


class TokenCreate(RequestModel):
    # What the documentation page fills in: without an `expires_at`, for which it would put the present.
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Our website", "mode": "test", "scopes": ["appointments:write"]}]}
    )

    name: Name
    mode: TokenMode
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=50, examples=[["appointments:write"]])]
    expires_at: Instant | None = None
    """When it stops to work; never, if left out."""

    @field_validator("scopes")
    @classmethod
    def _only_scopes(cls, scopes: list[Permission]) -> list[Permission]:
        wrong = sorted(set(scopes) - SCOPES)
        if wrong:
            raise ValueError(f"a token cannot have {', '.join(wrong)}")
        return sorted(set(scopes))


class TokenRead(ResponseModel):
    id: UUID
    name: str
    mode: TokenMode
    scopes: list[Permission]
    hint: str
    """Its prefix and last characters, to recognise it by."""
    token: str | None
    """The token itself: of a test token always, of a live one only in the answer to its making."""
    api_version: str
    """The version of the API that it speaks, unless a request asks for another by `Smooth-Version`."""
    expires_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: ApiTokenRow, *, token: str | None = None) -> Self:
        """A stored token; `token` is the plaintext where it has just been made."""
        return cls(
            id=row.id,
            name=row.name,
            mode="test" if row.is_sandbox else "live",
            scopes=[Permission(scope) for scope in row.scopes],
            hint=row.hint,
            token=token or row.plaintext,
            api_version=row.api_version,
            expires_at=row.expires_at,
            created_at=row.created_at,
        )
