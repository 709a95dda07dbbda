"""Lent permissions as they travel."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from app.auth.grants import is_active, stands
from app.auth.permissions import Permission
from app.core.filters import Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import Reason, RequestModel, ResponseModel
from app.errors import InvalidValue
from app.models.public import PermissionGrantRow, UserRow

DEFAULT_MINUTES = 30
MOST_MINUTES = 24 * 60
MOST_AT_ONCE = 100


class GrantCreate(RequestModel):
    grantee_id: UUID
    permissions: Annotated[list[Permission], Field(min_length=1, max_length=50, examples=[["audit:read"]])]
    reason: Reason
    minutes: Annotated[int, Field(ge=1, le=MOST_MINUTES)] = DEFAULT_MINUTES
    """How long it lasts: half an hour, if left out; a day at most."""

    @field_validator("permissions")
    @classmethod
    def _each_once(cls, permissions: list[Permission]) -> list[Permission]:
        return sorted(set(permissions))


class GrantState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class GrantFilters(Dated, PageRequest):
    """Which lent permissions are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at", "expires_at", "-expires_at"], ORDER] = "-created_at"
    ids: Ids = ()
    state: GrantState | None = None
    grantee_id: UUID | None = None
    """Only what this user was lent."""
    grantor_id: UUID | None = None
    """Only what this user has lent."""
    tenant_id: UUID | None = None
    """On the platform's host: what was lent at this business, in place of what the platform's own people lent."""
    permission: Permission | None = None


class GrantRevoke(RequestModel):
    """Which to take back: exactly one of these says so."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)] | None = None
    grantee_id: UUID | None = None
    """All that this user has been lent."""
    mine: Literal[True] | None = None
    """All that the caller has lent."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(value is not None for value in (self.ids, self.grantee_id, self.mine)) != 1:
            raise InvalidValue("name exactly one of ids, grantee_id and mine", code="one-of")
        return self


class GrantPerson(ResponseModel):
    id: UUID
    name: str
    email: str


class GrantRead(ResponseModel):
    id: UUID
    permission: Permission
    grantor: GrantPerson
    grantee: GrantPerson
    reason: str
    state: GrantState
    is_active: bool
    """Whether it counts now."""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: UUID | None
    """Null if nobody took it back: its grantor lost the permission, or its grantee does not work here any more."""

    @classmethod
    def of(cls, row: PermissionGrantRow, grantor: UserRow, grantee: UserRow, *, now: datetime) -> Self:
        """A lent permission as stored, as it stands now."""
        return cls(
            id=row.id,
            permission=Permission(row.permission),
            grantor=GrantPerson.model_validate(grantor),
            grantee=GrantPerson.model_validate(grantee),
            reason=row.reason,
            state=_state(row, now=now),
            is_active=stands(row, grantor, grantee, now=now),
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            revoked_by=row.revoked_by,
        )


class GrantsRead(ResponseModel):
    items: list[GrantRead]


def _state(row: PermissionGrantRow, *, now: datetime) -> GrantState:
    if is_active(row, now=now):
        return GrantState.ACTIVE
    return GrantState.EXPIRED if row.revoked_at is None else GrantState.REVOKED
