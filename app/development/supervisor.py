"""The development machine as one command: servers, preparation, API and worker, and an orderly end."""

import fcntl
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from app.development import environment, places, postgres, processes, valkey
from app.development.errors import DevelopmentError

READY_SECONDS = 60
WATCH_SECONDS = 0.2
COMMAND = (Path(sys.executable).with_name("smoothschedule"),)

Preparation = Sequence[tuple[str, Callable[[], object]]]


def run(
    data_dir: Path,
    *,
    prepare: Preparation,
    summary: Callable[[], environment.Summary],
    command: Sequence[str | Path] = COMMAND,
) -> int:
    """Run the development machine until Ctrl-C or SIGTERM; return the exit code, 0 if stopped that way.

    `prepare` holds steps (migrate, seed) with a title each, called once the servers run and their addresses
    stand in `os.environ`. `summary` is called when the API is ready. `command` runs `serve` and `worker`.
    """
    machine = _Machine(data_dir.absolute(), command)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, machine.on_signal)
    try:
        machine.run(prepare, summary)
    except KeyboardInterrupt:
        Console().print("Stopped.")
        return 0
    except DevelopmentError as error:
        Console(stderr=True, soft_wrap=True).print(f"\n{error}", style="red", markup=False, highlight=False)
        return 1


class _Machine:
    def __init__(self, data_dir: Path, command: Sequence[str | Path]) -> None:
        self._data_dir = data_dir
        self._command = command
        self._console = Console(highlight=False, soft_wrap=True)
        self._started_at = time.monotonic()
        self._running: list[processes.Process] = []
        self._is_stopping = False

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Unwind what has been started, in order, at the first signal; at any further one, at once."""
        if self._is_stopping:
            for process in self._running:
                process.hurry()
            return
        self._is_stopping = True
        raise KeyboardInterrupt  # the one exception that asyncio's loop lets through

    def run(self, prepare: Preparation, summary: Callable[[], environment.Summary]) -> NoReturn:
        """Start everything and watch it; return never, but raise with all of it stopped."""
        with _sole_use(self._data_dir), ExitStack() as stack:
            try:
                self._start(stack, prepare)
                self._show(summary())
                self._watch()
            finally:
                self._is_stopping = True
                if self._running:
                    self._say("\nStopping")

    def _start(self, stack: ExitStack, prepare: Preparation) -> None:
        environment.remove_summary(self._data_dir)
        values = environment.settings(self._data_dir)
        _require_free(values["PORT"])
        values |= self._start_servers(stack, values)
        environment.write_environment(self._data_dir, values)
        os.environ.update(values)
        for title, step in prepare:
            self._say(title)
            step()
        self._say("Starting worker and API")
        self._start_service(stack, "worker", "worker")
        api = self._start_service(stack, "API", "serve")
        api.wait_until(lambda: _is_ready(values["PORT"], values["ROOT_DOMAIN"]), seconds=READY_SECONDS)

    def _start_servers(self, stack: ExitStack, values: Mapping[str, str]) -> dict[str, str]:
        """Start the servers whose addresses the user has not given, and return their addresses."""
        data, run, logs = self._data_dir, self._data_dir / "run", self._data_dir / "logs"
        addresses = {}
        if "DATABASE_URL" not in values:
            self._say("Starting PostgreSQL")
            log = logs / "postgres.log"
            database = stack.enter_context(postgres.running(data / "postgres", sockets=run / "postgres", log=log))
            self._running.append(database.process)
            addresses["DATABASE_URL"] = database.url
        if "REDIS_URL" not in values:
            self._say("Starting Valkey")
            log = logs / "valkey.log"
            redis = stack.enter_context(valkey.running(data / "valkey", sockets=run / "valkey", log=log))
            self._running.append(redis.process)
            addresses["REDIS_URL"] = redis.url
        return addresses

    def _start_service(self, stack: ExitStack, name: str, subcommand: str) -> processes.Process:
        process = processes.Process(
            name,
            (*self._command, subcommand),
            log=self._data_dir / "logs" / f"{subcommand}.log",
            account=places.our_account(),
            environment=os.environ,
        )
        stack.callback(process.stop)
        self._running.append(process)
        return process

    def _watch(self) -> NoReturn:
        """Raise DevelopmentError once something has ended by itself."""
        while True:
            for process in self._running:
                process.require_running()
            time.sleep(WATCH_SECONDS)

    def _say(self, title: str) -> None:
        self._console.print(f"{title} …", style="dim")

    def _show(self, found: environment.Summary) -> None:
        environment.write_summary(self._data_dir, found)
        seconds = time.monotonic() - self._started_at
        rows = [
            ("what", "address", "e-mail", "password"),
            ("platform", found.platform.url, found.platform.email, found.platform.password),
            *((tenant.slug, tenant.url, tenant.email, tenant.password) for tenant in found.tenants),
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        self._console.print(f"\nSmooth Schedule is running (ready in {seconds:.1f} s). Log in with:\n")
        for row in rows:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._console.print(line.rstrip(), soft_wrap=True, markup=False, highlight=False)
        self._console.print(
            f"\nThe API explains itself at /docs of each address. Start with {found.tenants[0].url}/docs."
            f"\nData, logs and these log-ins (development.json) are in {self._data_dir}."
            "\nCtrl-C stops everything; the data stay."
        )


@contextmanager
def _sole_use(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process alone. Raises DevelopmentError if another one has it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DevelopmentError(
                f"script/server is already running on {data_dir} (process {lock.read()}). "
                "Stop that one first: Ctrl-C in its terminal, or `kill` with that number."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _require_free(port: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            raise DevelopmentError(
                f"Port {port} cannot be used ({error.strerror}). Stop what uses it, or choose another: "
                "PORT=8001 script/server"
            ) from None


def _is_ready(port: str, root_domain: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"platform.{root_domain}:{port}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
