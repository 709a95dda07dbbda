"""The development servers through whole cycles: real processes, real data, real kills."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.development import places, postgres, valkey
from app.development.errors import DevelopmentError
from tests.development.watching import descendants, is_alive, wait_until

HOLD = """
import signal, sys
from pathlib import Path
from app.development import postgres, valkey
home = Path(sys.argv[1])
with (
    postgres.running(home / "postgres", sockets=home / "run", log=home / "postgres.log") as database,
    valkey.running(home / "valkey", sockets=home / "run" / "valkey", log=home / "valkey.log") as redis,
):
    database.query("CREATE TABLE kept AS SELECT 1 AS number")
    print(database.process.pid, redis.process.pid, flush=True)
    signal.pause()
"""


def ask(server: valkey.Valkey, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.socket))
        connection.sendall(command + b"\r\n")
        return connection.recv(100)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory every account can enter, and with it a machine directory that is not the real one."""
    with places.scratch_directory(places.server_account()) as scratch:
        monkeypatch.setattr(places, "MACHINE_DIRECTORY", scratch / "machine")
        yield scratch


@contextmanager
def running(home: Path) -> Iterator[postgres.Postgres]:
    with postgres.running(home / "postgres", sockets=home / "run", log=home / "postgres.log") as server:
        yield server


class TestRunPostgres:
    def test_keeps_data_over_a_restart(self, home: Path) -> None:
        with running(home) as server:
            server.query("CREATE TABLE kept AS SELECT 'ä' AS word")
        with running(home) as server:
            assert server.query("SELECT word FROM kept") == "ä"

    def test_leaves_no_process_and_no_socket(self, home: Path) -> None:
        with running(home) as server:
            pids = [server.process.pid, *descendants(server.process.pid)]
            assert len(pids) > 1
        assert not any(map(is_alive, pids))
        assert list((home / "run").iterdir()) == []

    def test_keeps_its_log_from_other_accounts(self, home: Path) -> None:
        with running(home):
            assert (home / "postgres.log").stat().st_mode & 0o777 == 0o600

    def test_is_set_up_for_the_application(self, home: Path) -> None:
        with running(home) as server:
            server.query("CREATE EXTENSION btree_gist")
            asked = ("listen_addresses", "jit", "max_connections", "server_encoding", "TimeZone", "fsync")
            assert [server.query(f"SHOW {name}") for name in asked] == ["", "off", "200", "UTF8", "UTC", "on"]
            assert server.query("SELECT current_user, current_database()") == "smoothschedule|smoothschedule"

    def test_replaces_a_path_too_long_for_a_socket(self, home: Path) -> None:
        sockets = home / ("deep" * 30)
        with postgres.running(home / "postgres", sockets=sockets, log=home / "postgres.log") as server:
            assert len(str(server.sockets / ".s.PGSQL.5432")) < 100
            assert server.query("SELECT 1") == "1"
        assert not server.sockets.exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs its servers under another account")
    def test_works_below_a_directory_closed_to_others(self, home: Path) -> None:
        closed = home / "closed"
        closed.mkdir(mode=0o700)
        for expected in ("", "kept"):
            with running(closed) as server:
                found = server.query("SELECT relname FROM pg_class WHERE relname = 'kept'")
                assert found == expected
                server.query("CREATE TABLE IF NOT EXISTS kept ()")
        assert (closed / "postgres").readlink().parent == places.MACHINE_DIRECTORY
        assert (closed / "postgres" / "data" / "PG_VERSION").exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs its servers under another account")
    def test_takes_its_data_along_when_their_place_is_closed(self, home: Path) -> None:
        place = home / "place"
        place.mkdir(mode=0o755)
        with running(place) as server:
            server.query("CREATE TABLE kept ()")
        place.chmod(0o700)
        with running(place) as server:
            assert server.query("SELECT count(*) FROM kept") == "0"

    def test_ignores_a_lock_file_that_names_a_stranger(self, home: Path) -> None:
        with running(home):
            pass
        with subprocess.Popen(("/bin/sleep", "60"), cwd="/") as stranger:
            (home / "postgres" / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")
            with running(home) as server:
                assert server.query("SELECT 1") == "1"
            stranger.kill()

    def test_refuses_data_that_another_server_is_using(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres, "ORPHAN_SECONDS", 0)
        with running(home) as server:
            with pytest.raises(DevelopmentError, match=f"process {server.process.pid}"), running(home):
                pass
            assert server.query("SELECT 1") == "1"

    def test_refuses_data_of_another_version(self, home: Path) -> None:
        with running(home):
            pass
        (home / "postgres" / "data" / "PG_VERSION").write_text("9\n")
        with pytest.raises(DevelopmentError, match="written by PostgreSQL 9"), running(home):
            pass

    def test_begins_again_after_an_interrupted_creation(self, home: Path) -> None:
        unfinished = home / "postgres" / "unfinished"
        unfinished.mkdir(parents=True)
        (unfinished / "PG_VERSION").write_text("18\n")
        with running(home) as server:
            assert server.query("SELECT 1") == "1"

    def test_tells_the_reason_when_the_server_does_not_start(self, home: Path) -> None:
        settings = {"max_connections": "none"}
        with (
            pytest.raises(DevelopmentError, match="max_connections"),
            postgres.running(home / "postgres", sockets=home / "run", log=home / "log", settings=settings),
        ):
            pass


class TestRunValkey:
    def test_keeps_data_over_a_restart(self, home: Path) -> None:
        for expected in (b"$-1", b"$4"):
            with valkey.running(home / "valkey", sockets=home / "run", log=home / "log") as server:
                assert ask(server, b"GET word").startswith(expected)
                assert ask(server, b"SET word kept") == b"+OK\r\n"
            assert not is_alive(server.process.pid)

    def test_keeps_nothing_when_thrown_away(self) -> None:
        with valkey.throwaway() as server:
            assert ask(server, b"SET word lost") == b"+OK\r\n"
        assert not server.socket.parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
class TestKilledParent:
    def test_leaves_no_server_behind_and_the_next_start_recovers(self, home: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
        with subprocess.Popen(  # noqa: S603 - our own program
            (sys.executable, "-c", HOLD, home), stdout=subprocess.PIPE, text=True, env=environment
        ) as parent:
            try:
                assert parent.stdout is not None
                servers = [int(pid) for pid in parent.stdout.readline().split()]
                wait_until(lambda: bool(descendants(servers[0])))
                pids = [*servers, *descendants(servers[0])]
            finally:
                parent.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, pids)))
        with running(home) as server:
            assert server.query("SELECT number FROM kept") == "1"

    def test_recovers_from_a_killed_server(self, home: Path) -> None:
        with running(home) as server:
            server.query("CREATE TABLE kept AS SELECT 1 AS number")
            os.kill(server.process.pid, signal.SIGKILL)
        with running(home) as server:
            assert server.query("SELECT number FROM kept") == "1"
