"""`smoothschedule seed-demo`."""

from typing import Annotated

import typer
from rich.progress import BarColumn, TextColumn

from app.cli.connection import with_database
from app.cli.failures import CommandFailed
from app.cli.output import print_table, progress_bar
from app.core.clock import utcnow
from app.core.crypto import Keyring
from app.db.session import Database
from app.demo import logins, seeding
from app.settings import Environment, get_settings

app = typer.Typer(add_completion=False)


@app.command("seed-demo")
def seed_demo(
    force: Annotated[bool, typer.Option("--force", help="Do it in production, too.")] = False,
) -> None:
    """Make the demo businesses, where they are not there yet, and print how to log in."""
    settings = get_settings()
    is_production = settings.environment is Environment.PRODUCTION
    if is_production and not force:
        raise CommandFailed("This is production. Add --force to have the demo businesses here all the same.")
    seed(with_superuser=not is_production)
    keyring = Keyring(settings.secret_key)
    people = logins.OWNERS if is_production else (logins.SUPERUSER, *logins.OWNERS)
    rows = [(each.host, settings.url(each.host), each.email, logins.password_of(each, keyring)) for each in people]
    print_table(("what", "address", "e-mail", "password"), rows)


def seed(*, with_superuser: bool) -> None:
    """Bring the demo about, with a progress bar. What is there already stays as it is."""
    keyring = Keyring(get_settings().secret_key)
    with progress_bar(TextColumn("{task.description}"), BarColumn()) as progress:
        bar = progress.add_task("Demo", total=seeding.STEPS)

        def advance(step: str) -> None:
            progress.update(bar, description=step, advance=1)

        async def work(database: Database) -> None:
            await seeding.seed(database, keyring, with_superuser=with_superuser, now=utcnow(), on_progress=advance)

        with_database(work)
