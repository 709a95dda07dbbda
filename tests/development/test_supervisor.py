"""`script/server`'s supervisor as the user meets it: a process that is started, signalled, killed and read."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.development import places
from tests.development.watching import DEADLINE_SECONDS, descendants, is_alive, wait_until

WITHOUT_SERVERS = {"DATABASE_URL": "postgresql+asyncpg://elsewhere/it's", "REDIS_URL": "redis://elsewhere"}
MACHINE = Path(__file__).with_name("machine.py")


class Machine:
    """The supervisor as a process, on data of its own and a free port."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = str(probe.getsockname()[1])
        (data_dir / "development.json").unlink(missing_ok=True)
        inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}}
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            (sys.executable, MACHINE, data_dir),
            env={**inherited, "PYTHONPATH": str(Path.cwd()), "PORT": self.port, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.data_dir = data_dir

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> "Machine":
        wait_until(lambda: (self.data_dir / "development.json").exists() or self._process.poll() is not None)
        assert self._process.poll() is None, self.end()
        return self

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and all it has printed."""
        output, _ = self._process.communicate(timeout=DEADLINE_SECONDS)
        return self._process.returncode, output


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with places.scratch_directory(places.server_account()) as scratch:
        yield scratch / ".data"


@pytest.fixture
def start(data_dir: Path) -> Iterator[Callable[..., Machine]]:
    """Start machines on the same data; those still running at the end are stopped."""
    machines: list[Machine] = []

    def start(**environment: str) -> Machine:
        machines.append(Machine(data_dir, **environment))
        return machines[-1]

    yield start
    for machine in machines:
        machine.signal(signal.SIGTERM)
        machine.end()


class TestRun:
    def test_stops_everything_at_a_signal(self, start: Callable[..., Machine]) -> None:
        machine = start().wait_until_ready()
        pids = descendants(machine.pid)
        machine.signal(signal.SIGTERM)
        code, output = machine.end()
        assert (code, output.splitlines()[-1]) == (0, "Stopped.")
        assert len(pids) > 4
        assert not any(map(is_alive, pids))

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
    def test_stops_when_its_terminal_says_so(self, start: Callable[..., Machine], number: signal.Signals) -> None:
        machine = start(**WITHOUT_SERVERS).wait_until_ready()
        machine.signal(number)
        assert machine.end()[0] == 0

    def test_stops_at_once_at_the_second_signal(self, start: Callable[..., Machine]) -> None:
        machine = start().wait_until_ready()
        pids = descendants(machine.pid)
        machine.signal(signal.SIGINT)
        machine.signal(signal.SIGTERM)
        assert machine.end()[0] == 0
        assert not any(map(is_alive, pids))

    def test_writes_addresses_and_logins_for_their_owner_alone(
        self, start: Callable[..., Machine], data_dir: Path
    ) -> None:
        machine = start(**WITHOUT_SERVERS).wait_until_ready()
        assert json.loads((data_dir / "development.json").read_text()) == {
            "platform": {
                "url": f"http://platform.localhost:{machine.port}",
                "email": "root@platform.example",
                "password": "one",
            },
            "tenants": [
                {
                    "slug": "demo",
                    "url": f"http://demo.localhost:{machine.port}",
                    "email": "owner@demo.example",
                    "password": "two",
                }
            ],
        }
        for name in ("development.json", "development.env"):
            assert (data_dir / name).stat().st_mode & 0o777 == 0o600

    def test_keeps_the_secret_key_and_prepares_with_the_servers_addresses(
        self, start: Callable[..., Machine], data_dir: Path
    ) -> None:
        seen = []
        for _ in range(2):
            machine = start().wait_until_ready()
            seen.append(dotenv_values(data_dir / "development.env"))
            assert seen[-1]["PORT"] == machine.port
            assert (data_dir / "prepared").read_text() == seen[-1]["DATABASE_URL"]
            machine.signal(signal.SIGTERM)
            machine.end()
        assert seen[0]["SECRET_KEY"] == seen[1]["SECRET_KEY"]

    def test_starts_no_server_whose_address_is_given(self, start: Callable[..., Machine], data_dir: Path) -> None:
        machine = start(**WITHOUT_SERVERS).wait_until_ready()
        assert len(descendants(machine.pid)) == 2
        assert WITHOUT_SERVERS.items() <= dotenv_values(data_dir / "development.env").items()

    def test_refuses_data_in_use(self, start: Callable[..., Machine]) -> None:
        first = start(**WITHOUT_SERVERS).wait_until_ready()
        code, output = start().end()
        assert code == 1
        assert f"already running on {first.data_dir} (process {first.pid})" in output

    def test_refuses_a_port_in_use(self, start: Callable[..., Machine]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            code, output = start(PORT=str(other.getsockname()[1])).end()
        assert code == 1
        assert "PORT=8001 script/server" in output

    def test_tells_the_last_words_of_a_child_that_ended(self, start: Callable[..., Machine]) -> None:
        code, output = start(WORKER_FAILS="1", **WITHOUT_SERVERS).end()
        assert code == 1
        assert "worker ended by itself with exit code 1" in output
        assert "the worker's last words" in output

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
    def test_killed_leaves_nothing_behind_and_starts_again(self, start: Callable[..., Machine]) -> None:
        machine = start().wait_until_ready()
        pids = descendants(machine.pid)
        machine.signal(signal.SIGKILL)
        machine.end()
        wait_until(lambda: not any(map(is_alive, pids)))
        again = start().wait_until_ready()
        assert len(descendants(again.pid)) == len(pids)
