"""From the Host header to the business (or the platform) that it names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import TaggedCache
from app.db.session import Database
from app.errors import TenantNotFound, TenantSuspended
from app.models.public import DomainRow, TenantRow
from app.tenancy.tenant import Tenant

PLATFORM_LABEL = "platform"
API_LABEL = "api"

_TENANT = select(
    TenantRow.id,
    TenantRow.slug,
    TenantRow.name,
    TenantRow.schema_name,
    (TenantRow.status == "suspended").label("is_suspended"),
    TenantRow.timezone,
    TenantRow.currency,
    TenantRow.subscription_tier,
    TenantRow.is_temporary,
    TenantRow.demo_expires_at,
    TenantRow.self_sign_up,
    TenantRow.locale,
    TenantRow.first_weekday,
    TenantRow.brand_color,
    TenantRow.cors_origins,
    TenantRow.history_days,
    TenantRow.logo_id,
)


@dataclass(frozen=True, slots=True)
class Host:
    """A host of ours, as requested: a business's, or (without a tenant) the platform's own.

    The host for tokens is that of whichever business the token belongs to, and nobody's before that is known.
    """

    name: str
    tenant: Tenant | None
    is_for_tokens: bool = False

    @property
    def is_platform(self) -> bool:
        return self.tenant is None and not self.is_for_tokens

    @property
    def audience(self) -> str:
        """For whom an access token of this host is meant."""
        return audience_of(self.tenant.id if self.tenant else None)


def audience_of(tenant_id: UUID | None) -> str:
    """The `aud` of access tokens: a tenant's id, or the platform."""
    return str(tenant_id) if tenant_id else "platform"


def host_name(header: str) -> str:
    """The host of a Host header without its port, in lower case and without a trailing dot."""
    host = header.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


class HostDirectory:
    """Looks hosts up, remembering what it found until told that it changed."""

    def __init__(self, database: Database, cache: TaggedCache[Tenant], root_domain: str) -> None:
        self._database = database
        self._cache = cache
        self._root = root_domain
        self._platform = frozenset({root_domain, f"{PLATFORM_LABEL}.{root_domain}"})
        self._for_tokens = f"{API_LABEL}.{root_domain}"

    async def resolve(self, header: str, *, now: datetime) -> Host:
        """The host that a Host header names. Raises TenantNotFound and TenantSuspended."""
        name = host_name(header)
        if name in self._platform:
            return Host(name, None)
        if name == self._for_tokens:
            return Host(name, None, is_for_tokens=True)
        tenant = await self._cache.get(("host", name), lambda: self._load(self._domain_of(name)))
        if tenant is None:
            raise TenantNotFound(
                "No business answers at '{host}'. Check the host name: a business lives on its own subdomain of "
                "`{root_domain}`, the platform on `{platform}`.",
                params={
                    "host": name[:253],
                    "root_domain": self._root,
                    "platform": f"{PLATFORM_LABEL}.{self._root}",
                },
            )
        return Host(name, _serving(tenant, now))

    async def require(self, tenant_id: UUID, *, now: datetime) -> Tenant:
        """The tenant with this id, for jobs. Raises TenantNotFound and TenantSuspended."""
        tenant = await self._cache.get(("id", tenant_id), lambda: self._load(TenantRow.id == tenant_id))
        if tenant is None:
            raise TenantNotFound
        return _serving(tenant, now)

    def _domain_of(self, name: str) -> ColumnElement[bool]:
        label = name.removesuffix(f".{self._root}")
        kind = "custom" if label == name else "subdomain"
        return and_(DomainRow.kind == kind, DomainRow.hostname == label)

    async def _load(self, condition: ColumnElement[bool]) -> tuple[Tenant, Iterable[str]] | None:
        async with self._database.transaction() as session:
            tenant = await _find(session, condition)
        return (tenant, (tenant.tag,)) if tenant else None


async def find_all(session: AsyncSession) -> list[Tenant]:
    """Every tenant, suspended ones too, in order of their slugs."""
    return [Tenant(*row) for row in await session.execute(_TENANT.order_by(TenantRow.slug))]


async def _find(session: AsyncSession, condition: ColumnElement[bool]) -> Tenant | None:
    # An outer join: a tenant is looked up by one of its domains or, in a job, by its id.
    query = _TENANT.outerjoin(DomainRow, DomainRow.tenant_id == TenantRow.id).where(condition).limit(1)
    row = (await session.execute(query)).first()
    return Tenant(*row) if row else None


def _serving(tenant: Tenant, now: datetime) -> Tenant:
    if tenant.is_suspended:
        raise TenantSuspended
    if tenant.has_ended(now):
        raise TenantSuspended("This demo has ended, and its data are being erased. The platform can still extend it.")
    return tenant
