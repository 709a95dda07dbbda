"""Bringing the demo about: what is there already stays as it is, what is missing is made."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.passwords import hash_password, verify_password
from app.auth.roles import Role
from app.businesses.demos import LONGEST_TERM
from app.businesses.schemas import OwnerCreate, SubscriptionTier, TenantCreate
from app.businesses.signup import sign_up
from app.core.crypto import Keyring
from app.db.invalidation import announce
from app.db.session import Database
from app.demo import catalogue, weeks
from app.demo.description import Shop
from app.demo.garage import GARAGE
from app.demo.logins import OWNERS, SUPERUSER, Login, password_of
from app.demo.salon import SALON
from app.demo.today import Today
from app.errors import SlugTaken
from app.models.public import TenantRow, UserRow
from app.people.users import create_user
from app.scheduling import resources
from app.scheduling.schemas.resources import ResourceFilters
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant, tenant_tag

SANDBOX_CUSTOMERS = 5
STEPS = 1 + 2 * (1 + len(Mode))
"""How often `seed` reports progress."""


async def seed(
    database: Database, keyring: Keyring, *, with_superuser: bool, now: datetime, on_progress: Callable[[str], None]
) -> None:
    """Make the demo businesses with their owners, and a superuser if wanted; see that their passwords fit.

    Raises SlugTaken, changing nothing of it, where a real business has the slug of a demo.
    """
    if with_superuser:
        async with database.transaction() as session:
            await _ensure_login(session, SUPERUSER, Role.SUPERUSER, None, keyring, now)
    on_progress("Log-ins")
    for shop, owner in zip((SALON, GARAGE), OWNERS, strict=True):
        async with database.transaction() as session:
            tenant = await _ensure_business(session, shop, owner, keyring, now)
        on_progress(shop.name)
        for mode in Mode:
            async with database.transaction(tenant.schema(mode)) as session:
                await _ensure_furnished(session, tenant, shop, mode, now)
            on_progress(f"{shop.name} ({mode})")


async def _ensure_business(session: AsyncSession, shop: Shop, owner: Login, keyring: Keyring, now: datetime) -> Tenant:
    row = (await session.scalars(select(TenantRow).where(TenantRow.slug == shop.slug))).one_or_none()
    if row is None:
        row = await sign_up(session, _application(shop, owner, keyring, now), now=now)
    elif row.is_temporary:
        row.demo_expires_at = _end(now)
        announce(session, tenant_tag(row.id))
        await _ensure_login(session, owner, Role.TENANT_OWNER, row.id, keyring, now)
    else:
        raise SlugTaken("The business '{slug}' is no demo account, so it is left alone.", params={"slug": shop.slug})
    await session.flush()
    return Tenant.of(row)


def _end(now: datetime) -> datetime:
    """A demo that is looked at now and then is not to end in between."""
    return (now + LONGEST_TERM).replace(microsecond=0)


def _application(shop: Shop, owner: Login, keyring: Keyring, now: datetime) -> TenantCreate:
    return TenantCreate(
        name=shop.name,
        slug=shop.slug,
        subscription_tier=SubscriptionTier.PROFESSIONAL,
        is_temporary=True,
        demo_expires_at=_end(now),
        timezone=shop.timezone,
        currency=shop.currency,
        owner=OwnerCreate(email=owner.email, name=owner.name, password=password_of(owner, keyring)),
    )


async def _ensure_login(
    session: AsyncSession, login: Login, role: Role, tenant_id: UUID | None, keyring: Keyring, now: datetime
) -> None:
    """Make the user, or see that the password is the one this secret key gives."""
    query = select(UserRow).where(UserRow.email == login.email, UserRow.tenant_id == tenant_id, ~UserRow.is_sandbox)
    user = (await session.scalars(query)).one_or_none()
    password = password_of(login, keyring)
    if user is None:
        await create_user(
            session, email=login.email, name=login.name, password=password, role=role, tenant_id=tenant_id, now=now
        )
    elif not await verify_password(password, user.password_hash):
        user.password_hash = await hash_password(password)
        user.updated_at = now


async def _ensure_furnished(session: AsyncSession, tenant: Tenant, shop: Shop, mode: Mode, now: datetime) -> None:
    if (await resources.find(session, ResourceFilters(limit=1))).items:
        return
    today = Today(now, ZoneInfo(shop.timezone))
    chance = Random(f"{shop.slug} {today.date}")  # noqa: S311 — the same day gives the same demo # nosec B311
    is_live = mode is Mode.LIVE
    count = shop.customers if is_live else SANDBOX_CUSTOMERS
    made = await catalogue.make(session, tenant, shop, today, chance, customer_count=count)
    if is_live:
        await weeks.fill(session, tenant, shop, made, today, chance)
