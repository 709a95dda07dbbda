"""What the development machine writes down: `.data/development.env` and `.data/development.json`."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from dotenv import dotenv_values

ENVIRONMENT_FILE = "development.env"
SUMMARY_FILE = "development.json"
DEFAULTS = MappingProxyType(
    {
        "ENVIRONMENT": "development",
        "ROOT_DOMAIN": "localhost",
        "PORT": "8000",
        "WEBHOOK_ALLOW_LOOPBACK": "true",
    }
)


@dataclass(frozen=True)
class PlatformLogin:
    """Where and as whom the platform's own staff log in."""

    url: str
    email: str
    password: str


@dataclass(frozen=True)
class TenantLogin:
    """Where and as whom a business logs in."""

    slug: str
    url: str
    email: str
    password: str


@dataclass(frozen=True)
class Summary:
    """The addresses and log-ins of a running development machine."""

    platform: PlatformLogin
    tenants: tuple[TenantLogin, ...]


def settings(data_dir: Path) -> dict[str, str]:
    """Return this run's settings: development's own, and over them what the user has set.

    The user sets by the environment, or by the `.env` beside the data directory. The secret key is the one of
    the run before, so that sessions outlive a restart. DATABASE_URL and REDIS_URL are absent if not set.
    """
    kept_key = dotenv_values(data_dir / ENVIRONMENT_FILE).get("SECRET_KEY")
    own = {**DEFAULTS, "SECRET_KEY": kept_key or secrets.token_urlsafe(48), "LOG_DIR": str(data_dir / "logs")}
    given = {**dotenv_values(data_dir.parent / ".env"), **os.environ}
    names = (*own, "DATABASE_URL", "REDIS_URL")
    return own | {name: value for name in names if (value := given.get(name))}


def write_environment(data_dir: Path, values: Mapping[str, str]) -> None:
    """Write the settings of this run, for the `smoothschedule` commands of other shells."""
    heading = "# Written by script/server at each start. Your own settings belong in .env.\n"
    _write(data_dir / ENVIRONMENT_FILE, heading + "".join(f"{k}={_quoted(v)}\n" for k, v in values.items()))


def write_summary(data_dir: Path, summary: Summary) -> None:
    """Write the addresses and log-ins; the file's presence says that the machine has come up."""
    _write(data_dir / SUMMARY_FILE, json.dumps(asdict(summary), indent=2) + "\n")


def remove_summary(data_dir: Path) -> None:
    """Remove the summary of the run before."""
    (data_dir / SUMMARY_FILE).unlink(missing_ok=True)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _write(path: Path, text: str) -> None:
    """Replace a file in one step; it holds passwords, so it is its owner's alone from the beginning."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)
