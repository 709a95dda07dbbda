"""A business as the rest of the house sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import SCHEMA
from app.models.public import TenantRow
from app.tenancy.mode import Mode


class TenantSchema(str):
    """The name of a schema that knows whose it is, and which of the two."""

    __slots__ = ("mode", "tenant_id")

    tenant_id: UUID
    mode: Mode

    def __new__(cls, name: str, tenant_id: UUID, mode: Mode) -> Self:
        """The schema of this name."""
        schema = super().__new__(cls, name)
        schema.tenant_id = tenant_id
        schema.mode = mode
        return schema


def home_of(session: AsyncSession) -> TenantSchema:
    """The schema that the session's transaction runs in. Raises LookupError outside of a tenant's."""
    schema = session.info.get(SCHEMA)
    if isinstance(schema, TenantSchema):
        return schema
    raise LookupError("the transaction runs in no tenant's schema")


@dataclass(frozen=True, slots=True)
class Tenant:
    """One business, read from `public.tenants`. Immutable, so it may be cached."""

    id: UUID
    slug: str
    name: str
    schema_name: str
    is_suspended: bool
    timezone: str
    currency: str
    subscription_tier: str
    is_temporary: bool
    demo_expires_at: datetime | None
    self_sign_up: bool
    locale: str
    first_weekday: int
    brand_color: str | None
    cors_origins: list[str]
    history_days: int | None
    logo_id: UUID | None

    @classmethod
    def of(cls, row: TenantRow) -> Self:
        """The tenant of this row, once it has been written."""
        return cls(
            id=row.id,
            slug=row.slug,
            name=row.name,
            schema_name=row.schema_name,
            is_suspended=row.status == "suspended",
            timezone=row.timezone,
            currency=row.currency,
            subscription_tier=row.subscription_tier,
            is_temporary=row.is_temporary,
            demo_expires_at=row.demo_expires_at,
            self_sign_up=row.self_sign_up,
            locale=row.locale,
            first_weekday=row.first_weekday,
            brand_color=row.brand_color,
            cors_origins=row.cors_origins,
            history_days=row.history_days,
            logo_id=row.logo_id,
        )

    def has_ended(self, now: datetime) -> bool:
        """Whether it was a demo account whose term is over by that instant."""
        return self.demo_expires_at is not None and self.demo_expires_at <= now

    def schema(self, mode: Mode) -> TenantSchema:
        """Its schema in that mode."""
        return TenantSchema(schema_of(self.schema_name, mode), self.id, mode)

    @property
    def tag(self) -> str:
        """What its cached look-ups are tagged with."""
        return tenant_tag(self.id)


def tenant_tag(tenant_id: UUID) -> str:
    """The cache tag of everything read about this tenant."""
    return f"tenant:{tenant_id}"


def schema_of(schema_name: str, mode: Mode) -> str:
    """The schema of a tenant in a mode: the name stored with the tenant, or its sandbox twin."""
    return f"{schema_name}_sandbox" if mode is Mode.SANDBOX else schema_name
