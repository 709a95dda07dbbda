"""Customers as they travel."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import EmailStr, Field, StringConstraints

from app.core.schemas import Name, RequestModel, ResponseModel, Text

Email = Annotated[EmailStr, Field(examples=["grace@hopper.example"])]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+()./ x#-]{3,40}$"), Field(examples=["+49 30 1234567"])]


class CustomerCreate(RequestModel):
    name: Annotated[Name, Field(examples=["Grace Hopper"])]
    email: Email | None = None
    phone: Phone | None = None
    notes: Text = ""
    """For the business's own eyes."""


class CustomerUpdate(RequestModel):
    name: Name | None = None
    email: Email | None = None
    """Null to clear it."""
    phone: Phone | None = None
    """Null to clear it."""
    notes: Text | None = None


class CustomerRead(ResponseModel):
    id: UUID
    name: str
    email: str | None
    phone: str | None
    notes: str
    created_at: datetime
    updated_at: datetime
