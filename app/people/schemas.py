"""Customers as they travel."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import EmailStr, Field, StringConstraints

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import Name, RequestModel, ResponseModel, SearchText, Text
from app.models.public import UserRow

Email = Annotated[EmailStr, Field(examples=["grace@hopper.example"])]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+()./ x#-]{3,40}$"), Field(examples=["+49 30 1234567"])]


class CustomerCreate(RequestModel):
    name: Annotated[Name, Field(examples=["Grace Hopper"])]
    email: Email | None = None
    phone: Phone | None = None
    notes: Text = ""
    """For the business's own eyes."""


class CustomerUpdate(PatchModel):
    name: Settable[Name] = None
    email: Clearable[Email] = None
    """Null to clear it."""
    phone: Clearable[Phone] = None
    """Null to clear it."""
    notes: Settable[Text] = None


class CustomerRead(ResponseModel):
    id: UUID
    name: Annotated[str, Field(examples=["Grace Hopper"])]
    email: Annotated[str | None, Field(examples=["grace@hopper.example"])]
    phone: Annotated[str | None, Field(examples=["+49 30 1234567"])]
    notes: Annotated[str, Field(examples=["Prefers mornings."])]
    created_at: datetime
    updated_at: datetime


class CustomerLogInRead(ResponseModel):
    """Who logs in as a customer."""

    user_id: UUID
    email: str
    """What they log in with. The address in the business's record may be another."""
    is_active: bool
    email_verified: bool
    created_at: datetime

    @classmethod
    def of(cls, user: UserRow) -> Self:
        """A user as stored."""
        return cls(
            user_id=user.id,
            email=user.email,
            is_active=user.is_active,
            email_verified=user.email_verified_at is not None,
            created_at=user.created_at,
        )


class CustomerFilters(Changing, PageRequest):
    """Which customers are wanted, and which page of them."""

    sort: Annotated[Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = (
        "-created_at"
    )
    ids: Ids = ()
    q: SearchText | None = None
    """Part of the name, e-mail address or phone number."""
    email: SearchText | None = None
    """Only those with this e-mail address, in whatever case."""
