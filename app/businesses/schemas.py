"""Businesses as the platform sees them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from app.auth.passwords import check_password
from app.businesses.origins import Origins
from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import (
    Color,
    CurrencyCode,
    Instant,
    Locale,
    Name,
    RequestModel,
    ResponseModel,
    SearchText,
    TimeZoneName,
    Weekday,
)
from app.errors import InvalidValue
from app.models.public import TenantRow
from app.people.account_schemas import PersonCreate
from app.subscriptions.schemas import Days
from app.tenancy.slugs import Slug

TenantStatus = Literal["active", "suspended"]
TenantSort = Literal["name", "-name", "slug", "-slug", "created_at", "-created_at", "updated_at", "-updated_at"]


class SubscriptionTier(StrEnum):
    FREE = "FREE"
    STARTER = "STARTER"
    PROFESSIONAL = "PROFESSIONAL"
    ENTERPRISE = "ENTERPRISE"


class OwnerCreate(PersonCreate):
    """Who is to own the business."""


class TenantCreate(RequestModel):
    name: Annotated[Name, Field(examples=["Lovelace Hair"])]
    slug: Annotated[Slug, Field(examples=["lovelace"])]
    """Becomes the business's subdomain. Lower-case letters, digits and single hyphens, 3 to 40 characters."""
    subscription_tier: SubscriptionTier = SubscriptionTier.FREE
    is_temporary: bool = False
    """A demo account, which ends and is erased."""
    demo_expires_at: Instant | None = None
    """When a demo account ends: in 14 days if left out, in 90 at most."""
    timezone: TimeZoneName = "UTC"
    currency: CurrencyCode = "USD"
    owner: OwnerCreate

    @field_validator("owner")
    @classmethod
    def _not_by_its_name(cls, owner: OwnerCreate, others: ValidationInfo) -> OwnerCreate:
        names = [others.data[name] for name in ("name", "slug") if name in others.data]
        try:
            check_password(owner.password, email=owner.email, words=names)
        except InvalidValue as error:
            error.pointer = "/password"
            raise
        return owner


class TenantUpdate(PatchModel):
    name: Settable[Name] = None
    subscription_tier: Settable[SubscriptionTier] = None
    is_temporary: Settable[bool] = None
    """False makes a demo account a business for good."""
    demo_expires_at: Settable[Instant] = None
    """Another end of a demo account, at most 90 days ahead."""
    status: Settable[TenantStatus] = None
    """`suspended` refuses every request to the business's hosts; its data are kept."""
    timezone: Settable[TimeZoneName] = None
    currency: Settable[CurrencyCode] = None


class TenantRead(ResponseModel):
    id: UUID
    name: str
    slug: str
    subscription_tier: SubscriptionTier
    is_temporary: bool
    demo_expires_at: datetime | None
    """When the demo account ends; null for any other business."""
    status: TenantStatus
    timezone: str
    currency: str
    created_at: datetime
    updated_at: datetime


class TenantFilters(Changing, PageRequest):
    """Which businesses are wanted, and which page of them."""

    sort: Annotated[TenantSort, ORDER] = "-created_at"
    ids: Ids = ()
    status: TenantStatus | None = None
    subscription_tier: SubscriptionTier | None = None
    is_temporary: bool | None = None
    """Only demo accounts, or only others."""
    q: SearchText | None = None
    """Part of the name or of the slug."""


class BusinessUpdate(PatchModel):
    name: Settable[Name] = None
    timezone: Settable[TimeZoneName] = None
    currency: Settable[CurrencyCode] = None
    """Of services that are added from now on."""
    locale: Settable[Locale] = None
    first_weekday: Settable[Weekday] = None
    brand_color: Clearable[Color] = None
    """Null to clear it."""
    self_sign_up: Settable[bool] = None
    """Whether customers may sign up by themselves."""
    cors_origins: Settable[Origins] = None
    """The web pages of other origins that may call the API from a browser, with a token."""
    history_days: Clearable[Annotated[Days, Field(examples=[30])]] = None
    """For how many days events and their deliveries are kept; null for as long as the subscription covers."""


class BusinessRead(ResponseModel):
    id: UUID
    slug: str
    name: str
    timezone: str
    currency: str
    locale: Locale
    first_weekday: int
    """1 is Monday, 7 is Sunday."""
    brand_color: str | None
    self_sign_up: bool
    cors_origins: list[str]
    history_days: int | None
    """For how many days events and their deliveries are kept; null for as long as the subscription covers."""
    logo_url: str | None
    """A picture that anybody may see. Null without one."""
    subscription_tier: SubscriptionTier
    is_temporary: bool
    demo_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: TenantRow, *, logo_url: str | None) -> Self:
        """A business as stored."""
        stored = {name: getattr(row, name) for name in cls.model_fields if name != "logo_url"}
        return cls.model_validate(stored | {"logo_url": logo_url})


class HostProfileRead(ResponseModel):
    """What a client shows before anybody has logged in."""

    name: str
    is_platform: bool
    brand_color: str | None
    logo_url: str | None
    """A picture; null without one."""
    locale: Locale
    supported_locales: list[Locale]
    timezone: str
    currency: str | None
    """Null on the platform's hosts."""
    first_weekday: int
    """1 is Monday, 7 is Sunday."""
    self_sign_up: bool
    """Whether customers may sign up by themselves."""


class SandboxRead(ResponseModel):
    """What a sandbox begins with."""

    resources: int
    services: int
    customers: int
    appointments: int
