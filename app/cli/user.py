"""`smoothschedule user`: the people who can log in."""

from typing import Annotated

import typer

from app.auth.roles import Role
from app.cli import passwords
from app.cli.connection import with_database
from app.cli.failures import CommandFailed
from app.cli.lookup import require_tenant
from app.cli.output import console
from app.core.clock import utcnow
from app.db.session import Database
from app.people.account_schemas import PersonCreate
from app.people.users import create_user
from app.settings import get_settings
from app.tenancy.hosts import PLATFORM_LABEL

app = typer.Typer(help="The people who can log in.", no_args_is_help=True, add_completion=False)


@app.callback()
def _group() -> None:
    """The people who can log in."""


@app.command()
def create(
    email: Annotated[str, typer.Argument()],
    *,
    name: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option()],
    tenant: Annotated[str | None, typer.Option(help="The business's slug; none for a role of the platform.")] = None,
    password_stdin: passwords.PasswordStdin = False,
) -> None:
    """Make somebody who can log in: at a business, or at the platform. The password is asked for."""
    if role.is_platform != (tenant is None):
        wanted = "belongs to the platform: leave --tenant out" if role.is_platform else "needs a business: --tenant"
        raise CommandFailed(f"A {role} {wanted}.")
    person = PersonCreate(email=email, name=name, password=passwords.ask(from_stdin=password_stdin))

    async def work(database: Database) -> None:
        async with database.transaction() as session:
            await create_user(
                session,
                email=person.email,
                name=person.name,
                password=person.password,
                role=role,
                tenant_id=(await require_tenant(session, tenant)).id if tenant else None,
                now=utcnow(),
            )

    with_database(work)
    console.print(f"{person.email} can log in at {get_settings().url(tenant or PLATFORM_LABEL)}.")
