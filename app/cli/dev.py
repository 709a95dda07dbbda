"""`smoothschedule dev`: what `script/server` runs."""

import os

import typer

from app.cli.failures import CommandFailed
from app.cli.migrate import bring_up_to_date
from app.cli.seed_demo import seed
from app.core.crypto import Keyring
from app.demo import logins
from app.development import supervisor
from app.development.environment import PlatformLogin, Summary, TenantLogin
from app.settings import Environment, Settings, get_settings

app = typer.Typer(add_completion=False)


@app.command()
def dev() -> None:
    """Run everything on this machine: PostgreSQL, Valkey, API and worker, with the demo businesses."""
    settings = Settings()  # those of the process are read later, when the servers' addresses are known
    if settings.environment is Environment.PRODUCTION:
        raise CommandFailed("`dev` is no way to run production: use `migrate`, `serve` and `worker`. See docs/.")
    steps = (("Migrating", _migrate), ("Preparing the demo businesses", _seed))
    raise typer.Exit(supervisor.run(settings.data_dir, prepare=steps, summary=_summary))


def _migrate() -> None:
    bring_up_to_date(get_settings().listen_url, processes=os.cpu_count() or 1)


def _seed() -> None:
    seed(with_superuser=True)


def _summary() -> Summary:
    settings = get_settings()
    keyring = Keyring(settings.secret_key)
    superuser = logins.SUPERUSER
    return Summary(
        PlatformLogin(settings.url(superuser.host), superuser.email, logins.password_of(superuser, keyring)),
        tuple(
            TenantLogin(owner.host, settings.url(owner.host), owner.email, logins.password_of(owner, keyring))
            for owner in logins.OWNERS
        ),
    )
