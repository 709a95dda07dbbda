"""A whole installation of real processes, each of which can be killed and started again by itself."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import httpx

from app.development import places, postgres, processes, valkey
from app.tenancy.migrations import migrate_public
from tests.actors import PASSWORD

COMMAND = Path(sys.executable).with_name("smoothschedule")
SLUG = "unbroken"
HOST = f"{SLUG}.localhost"
OWNER = "owner@unbroken.example"
PARTS = ("worker", "API", "Redis", "PostgreSQL")


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Part:
    """One of the processes."""

    def __init__(self, start: Callable[[], AbstractContextManager[processes.Process]]) -> None:
        self._start = start
        self._stack = ExitStack()
        self.start()

    def start(self) -> None:
        self._process = self._stack.enter_context(self._start())

    def kill(self) -> None:
        """As the kernel would when it is out of memory: nothing is finished, nothing is said."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._stack.close()

    def close(self) -> None:
        self._stack.close()


class Installation:
    """The four parts. PostgreSQL and Redis keep what they were given, as in production."""

    def __init__(self, home: Path, **more: str) -> None:
        """`more` are settings."""
        self._home = home
        self.port = free_port()
        self.parts: dict[str, Part] = {}
        self.parts["PostgreSQL"] = Part(self._postgres)
        self.parts["Redis"] = Part(self._valkey)
        self._environment = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "test",
            "SECRET_KEY": "a secret key that only the faults know of",
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.redis_url,
            "PORT": str(self.port),
            "WEBHOOK_ALLOW_LOOPBACK": "true",
            "REQUESTS_PER_MINUTE_OF_SESSION": "1000000",
            "REQUESTS_PER_MINUTE_OF_ADDRESS": "1000000",
            "SMOOTHSCHEDULE_PASSWORD": PASSWORD,
            "DATA_DIR": str(home / "data"),
            "LOG_DIR": str(home / "logs"),
            **more,
        }
        asyncio.run(migrate_public(self.database.url))
        self._run("tenant", "create", SLUG, "--name=Unbroken", "--owner-name=Olga", f"--owner-email={OWNER}")
        self.database.query("UPDATE tiers SET api_requests_per_minute = 1000000, bookings_per_month = NULL")
        self.parts["API"] = Part(self._api)
        self.parts["worker"] = Part(lambda: self._program("worker", "worker"))

    def close(self) -> None:
        for part in reversed(self.parts.values()):
            part.close()

    def ask(self, sql: str) -> list[str]:
        """The rows that a query in the business's live schema gives."""
        schema = self.database.query("SELECT schema_name FROM tenants")
        return self.database.query(f"SET search_path TO {schema}; {sql}").splitlines()

    def log_of(self, name: str) -> str:
        """What a program has written since it was started."""
        return (self._home / f"{name}.log").read_text()

    @contextmanager
    def _postgres(self) -> Iterator[processes.Process]:
        where = self._home / "postgres"
        with postgres.running(where, sockets=self._home / "run", log=self._home / "postgres.log") as server:
            self.database = server
            yield server.process

    @contextmanager
    def _valkey(self) -> Iterator[processes.Process]:
        where = self._home / "valkey"
        with valkey.running(where, sockets=self._home / "run" / "redis", log=self._home / "valkey.log") as server:
            self.redis_url = server.url
            yield server.process

    @contextmanager
    def _api(self) -> Iterator[processes.Process]:
        with self.serving("API", self.port) as process:
            yield process

    @contextmanager
    def serving(self, name: str, port: int) -> Iterator[processes.Process]:
        """An API at this port."""
        with self._program(name, "serve", f"--port={port}") as process:
            process.wait_until(lambda: self._is_ready(port), seconds=60)
            yield process

    @contextmanager
    def _program(self, name: str, *arguments: str) -> Iterator[processes.Process]:
        process = processes.Process(
            name,
            (COMMAND, *arguments),
            log=self._home / f"{name}.log",
            account=places.our_account(),
            environment=self._environment,
        )
        try:
            yield process
        finally:
            process.stop()

    def _run(self, *arguments: str) -> None:
        subprocess.run((COMMAND, *arguments), env=self._environment, check=True, capture_output=True)  # noqa: S603

    def _is_ready(self, port: int) -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/readyz", headers={"Host": HOST})
        except httpx.TransportError:
            return False
        return answer.is_success
