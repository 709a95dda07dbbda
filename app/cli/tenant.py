"""`smoothschedule tenant`: the businesses."""

from typing import Annotated
from uuid import UUID

import typer

from app.auth.permissions import permissions_of
from app.auth.principals import Principal
from app.auth.roles import Role
from app.businesses import directory
from app.businesses.schemas import OwnerCreate, SubscriptionTier, TenantCreate, TenantStatus, TenantUpdate
from app.businesses.signup import sign_up
from app.cli import passwords
from app.cli.connection import with_database
from app.cli.lookup import require_tenant
from app.cli.output import console, print_table
from app.core.clock import utcnow
from app.db.session import Database
from app.settings import get_settings
from app.tenancy.hosts import find_all
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

# Whoever can run this command has the database itself.
_OPERATOR = Principal(
    user_id=UUID(int=0),
    email="operator",
    role=Role.SUPERUSER,
    tenant=None,
    mode=Mode.LIVE,
    permissions=permissions_of(Role.SUPERUSER),
)

Slug = Annotated[str, typer.Argument(help="The business's label, as in its address.")]

app = typer.Typer(help="The businesses.", no_args_is_help=True, add_completion=False)


@app.command()
def create(
    slug: Slug,
    *,
    name: Annotated[str, typer.Option()],
    owner_email: Annotated[str, typer.Option()],
    owner_name: Annotated[str, typer.Option()],
    timezone: Annotated[str, typer.Option(help="An IANA name, as Europe/Berlin.")] = "UTC",
    currency: Annotated[str, typer.Option(help="An ISO 4217 code, as EUR.")] = "USD",
    tier: Annotated[SubscriptionTier, typer.Option()] = SubscriptionTier.FREE,
    demo: Annotated[bool, typer.Option("--demo", help="Make it a demo account.")] = False,
    password_stdin: passwords.PasswordStdin = False,
) -> None:
    """Sign a business up, with its owner. The owner's password is asked for."""
    password = passwords.ask(from_stdin=password_stdin)
    data = TenantCreate(
        name=name,
        slug=slug,
        subscription_tier=tier,
        is_temporary=demo,
        timezone=timezone,
        currency=currency,
        owner=OwnerCreate(email=owner_email, name=owner_name, password=password),
    )

    async def work(database: Database) -> None:
        async with database.transaction() as session:
            await sign_up(session, data, now=utcnow())

    with_database(work)
    console.print(f"{data.name} is at {get_settings().url(data.slug)}; {owner_email} can log in there.")


@app.command("list")
def list_() -> None:
    """List the businesses."""

    async def work(database: Database) -> list[Tenant]:
        async with database.transaction() as session:
            return await find_all(session)

    rows = [
        (
            tenant.slug,
            tenant.name,
            get_settings().url(tenant.slug),
            "suspended" if tenant.is_suspended else "active",
            tenant.timezone,
        )
        for tenant in with_database(work)
    ]
    print_table(("slug", "name", "address", "status", "time zone"), rows)


@app.command()
def suspend(slug: Slug) -> None:
    """Refuse every request to a business's hosts, at once. Its data are kept."""
    _set_status(slug, "suspended")


@app.command()
def resume(slug: Slug) -> None:
    """Serve a suspended business again, at once."""
    _set_status(slug, "active")


def _set_status(slug: str, status: TenantStatus) -> None:
    async def work(database: Database) -> None:
        async with database.transaction() as session:
            tenant = await require_tenant(session, slug)
            await directory.update(session, _OPERATOR, tenant.id, TenantUpdate(status=status), now=utcnow())

    with_database(work)
    console.print(f"{slug} is {status}.")
