"""Businesses as the platform sees them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import EmailStr, Field, ValidationInfo, field_validator

from app.auth.passwords import MAX_LENGTH, check_password
from app.core.schemas import CurrencyCode, Name, RequestModel, ResponseModel, TimeZoneName
from app.tenancy.slugs import Slug

TenantStatus = Literal["active", "suspended"]


class SubscriptionTier(StrEnum):
    FREE = "FREE"
    STARTER = "STARTER"
    PROFESSIONAL = "PROFESSIONAL"
    ENTERPRISE = "ENTERPRISE"


class OwnerCreate(RequestModel):
    email: Annotated[EmailStr, Field(examples=["ada@lovelace.example"])]
    name: Annotated[Name, Field(examples=["Ada Lovelace"])]
    password: Annotated[str, Field(max_length=MAX_LENGTH, examples=["a long and private phrase"])]

    @field_validator("password")
    @classmethod
    def _acceptable_password(cls, password: str, others: ValidationInfo) -> str:
        return check_password(password, email=others.data.get("email", ""))


class TenantCreate(RequestModel):
    name: Annotated[Name, Field(examples=["Lovelace Hair"])]
    slug: Annotated[Slug, Field(examples=["lovelace"])]
    """Becomes the business's subdomain. Lower-case letters, digits and single hyphens, 3 to 40 characters."""
    subscription_tier: SubscriptionTier = SubscriptionTier.FREE
    is_temporary: bool = False
    """A demo account."""
    timezone: TimeZoneName = "UTC"
    currency: CurrencyCode = "USD"
    owner: OwnerCreate


class TenantUpdate(RequestModel):
    name: Name | None = None
    subscription_tier: SubscriptionTier | None = None
    is_temporary: bool | None = None
    status: TenantStatus | None = None
    """`suspended` refuses every request to the business's hosts; its data are kept."""
    timezone: TimeZoneName | None = None
    currency: CurrencyCode | None = None


class TenantRead(ResponseModel):
    id: UUID
    name: str
    slug: str
    subscription_tier: SubscriptionTier
    is_temporary: bool
    status: TenantStatus
    timezone: str
    currency: str
    created_at: datetime
    updated_at: datetime
