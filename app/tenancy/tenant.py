"""A business as the rest of the house sees it."""

from dataclasses import dataclass
from uuid import UUID

from app.tenancy.mode import Mode


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

    def schema(self, mode: Mode) -> str:
        """The name of its schema in that mode."""
        return schema_of(self.schema_name, mode)

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
