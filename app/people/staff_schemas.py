"""The people who work at a place, and those who are invited there, as they travel."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field

from app.auth.permissions import Area
from app.auth.roles import Role
from app.auth.schemas import NewPassword, areas_of
from app.core.filters import Changing, Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import PatchModel, Settable
from app.core.schemas import Name, RequestModel, ResponseModel, SearchText
from app.models.public import UserRow
from app.people.schemas import Email

InvitationState = Literal["open", "expired", "void"]
PersonSort = Literal["name", "-name", "email", "-email", "created_at", "-created_at", "updated_at", "-updated_at"]
InvitationSort = Literal["name", "-name", "email", "-email", "created_at", "-created_at", "expires_at", "-expires_at"]


def _each_once(areas: list[Area]) -> list[Area]:
    return sorted(set(areas))


Areas = Annotated[list[Area], Field(max_length=50, examples=[["appointments"]]), AfterValidator(_each_once)]
"""What a member of staff (TENANT_STAFF) is given to do. Other roles have none."""


class StaffFilters(Changing, PageRequest):
    """Which of the staff are wanted, and which page of them."""

    sort: Annotated[PersonSort, ORDER] = "-created_at"
    ids: Ids = ()
    role: Role | None = None
    area: Area | None = None
    """Only members of staff who were given this area."""
    is_active: bool | None = None
    q: SearchText | None = None
    """Part of the name or of the e-mail address."""


class StaffUpdate(PatchModel):
    name: Settable[Name] = None
    role: Settable[Role] = None
    areas: Settable[Areas] = None
    is_active: Settable[bool] = None
    """False shuts the person out at once; true lets them in again."""


class StaffRead(ResponseModel):
    id: UUID
    email: str
    name: str
    role: Role
    areas: list[Area]
    """Of TENANT_STAFF; empty for every other role."""
    is_active: bool
    email_verified: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: UserRow) -> Self:
        """A user as stored."""
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            areas=areas_of(row),
            is_active=row.is_active,
            email_verified=row.email_verified_at is not None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class InvitationCreate(RequestModel):
    email: Email
    name: Annotated[Name, Field(examples=["Grace Hopper"])]
    role: Annotated[Role, Field(examples=["TENANT_STAFF"])]
    areas: Areas | None = None
    """`appointments` and `customers`, if left out. Only for TENANT_STAFF."""


class InvitationRead(ResponseModel):
    id: UUID
    email: str
    name: str
    role: Role
    areas: list[Area]
    customer_id: UUID | None
    """Whose record the log-in will belong to, where a customer is invited."""
    invited_by: UUID
    state: InvitationState
    """`void` if whoever sent it may no longer invite to this role. Sending it again makes an invitation open."""
    expires_at: datetime
    created_at: datetime


class InvitationFilters(Dated, PageRequest):
    """Which invitations are wanted, and which page of them."""

    sort: Annotated[InvitationSort, ORDER] = "-created_at"
    ids: Ids = ()
    role: Role | None = None
    customer_id: UUID | None = None
    q: SearchText | None = None
    """Part of the name or of the e-mail address."""


class InvitationAccept(RequestModel):
    token: Annotated[str, Field(max_length=256)]
    """What stands behind the `#` of the link in the mail."""
    name: Annotated[Name, Field(examples=["Grace Hopper"])]
    password: NewPassword
