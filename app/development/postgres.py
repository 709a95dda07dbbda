"""A PostgreSQL server of our own: on unix sockets only, with its data where we say, gone when we are."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGQUIT
from types import MappingProxyType

from app.development import binaries, places, processes
from app.development.errors import DevelopmentError

NAME = "smoothschedule"  # of the superuser and of the database
ORPHAN_SECONDS = 20
START_SECONDS = 60  # recovery after a crash included
SETTINGS = MappingProxyType(
    {
        "listen_addresses": "",
        "max_connections": "200",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)
WITHOUT_DURABILITY = MappingProxyType({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    process: processes.Process
    sockets: Path
    bin: Path

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database `smoothschedule`."""
        return self.url_of(NAME)

    def url_of(self, database: str) -> str:
        """Return the SQLAlchemy URL of another database in this server."""
        return f"postgresql+asyncpg://{NAME}@/{database}?host={self.sockets}"

    def query(self, sql: str, *, database: str = NAME) -> str:
        """Run SQL as the superuser and return its bare output. Raises DevelopmentError if it is refused."""
        psql = (self.bin / "psql", "-XqtA", "-v", "ON_ERROR_STOP=1")
        where = ("-h", self.sockets, "-U", NAME, "-d", database)
        done = subprocess.run(  # noqa: S603 - our own program # nosec B603
            [*psql, *where, "-c", sql], env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise DevelopmentError(f"PostgreSQL refused {sql!r}: {done.stderr.strip()}")
        return done.stdout.strip()


@contextmanager
def running(
    home: Path, *, sockets: Path, log: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Postgres]:
    """Run PostgreSQL on the data in `home` (made at the first start), with the database `smoothschedule`.

    `home` and `sockets` are wishes: see `places` for when they lie elsewhere. Raises DevelopmentError, with
    what to do, if it cannot be found or started, if another server has the data, or if btree_gist is missing.
    """
    found = binaries.find_postgres()
    account = places.server_account()
    data = places.settle(home, account) / "data"
    program = places.runnable_copy(found.bin / "postgres", found.trees, account)
    _wait_for_orphan(data)
    if not data.exists():
        _create(data, program.with_name("initdb"), found.version, account)
    _require_version(data, found.version)
    with places.socket_directory(sockets, account) as directory:
        options = {**SETTINGS, "unix_socket_directories": f'"{directory}"', **settings}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        process = processes.Process(
            "PostgreSQL",
            (program, "-D", data, *arguments),
            log=log,
            account=account,
            environment=_environment(),
            stop_signal=SIGINT,  # fast: does not wait for clients
            hurry_signal=SIGQUIT,  # immediate: the next start recovers
            orphan_signal=SIGINT,
        )
        try:
            process.wait_until(lambda: _is_ready(data, process.pid), seconds=START_SECONDS)
            server = Postgres(process, directory, found.bin)
            _prepare(server)
            yield server
        finally:
            process.stop()


@contextmanager
def throwaway() -> Iterator[Postgres]:
    """Run a server on new data that a power cut would lose (hence fast), and delete them afterwards."""
    with places.scratch_directory(places.server_account(), fits=places.fits_sockets) as scratch:
        home, sockets, log = scratch / "postgres", scratch / "sockets", scratch / "postgres.log"
        with running(home, sockets=sockets, log=log, settings=WITHOUT_DURABILITY) as server:
            yield server


def _create(data: Path, initdb: Path, version: int, account: places.Account) -> None:
    """Make the data directory, whole or not at all."""
    unfinished = data.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unicode = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    locale = unicode if version >= 17 else ("--locale=C.UTF-8",)  # noqa: PLR2004 - the first with that provider
    initialise = (initdb, "-D", unfinished, "-U", NAME, "--auth=trust", "--encoding=UTF8", *locale)
    done = subprocess.run(  # noqa: S603 - our own program # nosec B603
        processes.command(initialise, account, SIGINT),
        env=_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DevelopmentError(f"PostgreSQL could not create its data in {data}:\n{done.stderr.strip()}")
    unfinished.rename(data)


def _require_version(data: Path, version: int) -> None:
    written_by = (data / "PG_VERSION").read_text().strip()
    if written_by != str(version):
        raise DevelopmentError(
            f"The data in {data} were written by PostgreSQL {written_by}, but this one is {version}: set "
            f"PG_BINDIR to version {written_by}'s bin directory (to keep or to dump them), or remove them."
        )


def _wait_for_orphan(data: Path) -> None:
    """Let a server finish whose parent was killed, and clear away a lock file that names a stranger.

    PostgreSQL itself ignores the lock file of a dead process, but not one whose number another has got since,
    which is common in containers. Without /proc it is left to decide.
    """
    lock = data / "postmaster.pid"
    if not Path("/proc/self/cwd").exists():
        return
    deadline = time.monotonic() + ORPHAN_SECONDS
    while lock.exists() and (pid := _first_line(lock)):
        if _working_directory(pid) != data:
            lock.unlink(missing_ok=True)
            return
        if time.monotonic() > deadline:
            raise DevelopmentError(f"Another PostgreSQL (process {pid}) is running on {data}: stop it first.")
        time.sleep(processes.POLL_SECONDS)


def _first_line(path: Path) -> str:
    """Return the first line, empty if the file is gone."""
    try:
        return path.read_text().split("\n", 1)[0]
    except FileNotFoundError:
        return ""


def _working_directory(pid: str) -> Path | None:
    """Return the directory a process works in, None if there is no such process (of ours)."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def _is_ready(data: Path, pid: int) -> bool:
    """Read the state as pg_ctl does: the lock file's first line is the pid, its eighth the state."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004 - see above


def _prepare(server: Postgres) -> None:
    """Make the database if it is missing, and require btree_gist (the guard of every booking)."""
    checks = (
        f"SELECT EXISTS (SELECT FROM pg_database WHERE datname = '{NAME}'), "  # noqa: S608 - constants # nosec B608
        "EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gist')"
    )
    has_database, has_btree_gist = server.query(checks, database="postgres").split("|")
    if has_btree_gist != "t":
        raise DevelopmentError("This PostgreSQL lacks btree_gist: install its contrib package (postgresql-contrib).")
    if has_database != "t":
        server.query(f'CREATE DATABASE "{NAME}"', database="postgres")


def _environment() -> dict[str, str]:
    """Return our environment without what would steer PostgreSQL's programs (PGHOST, PGOPTIONS, ...)."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**inherited, "LC_ALL": "C"}
