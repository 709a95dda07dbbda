"""`smoothschedule audit`, run for real, on a database of its own."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from app.development.postgres import Postgres
from app.settings import get_settings
from tests.actors import PASSWORD

Command = Callable[..., Result]
Query = Callable[[str], str]


@pytest.fixture
def database(fresh_database: str, valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Settings for an empty database (named here), in a directory without a `.env`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    get_settings.cache_clear()
    yield fresh_database.partition("?")[0].rpartition("/")[2]
    get_settings.cache_clear()


@pytest.fixture
def command(database: str) -> Command:  # noqa: ARG001 — it is for the settings
    """Run the command on a database with one business, suspended and resumed."""

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=typed, prog_name="smoothschedule")

    owner = ("--owner-email", "ada@lovelace.example", "--owner-name", "Ada Lovelace", "--password-stdin")
    create = ("tenant", "create", "lovelace", "--name", "Lovelace Hair", *owner)
    for arguments in (("migrate",), create, ("tenant", "suspend", "lovelace"), ("tenant", "resume", "lovelace")):
        done = run(*arguments, typed=f"{PASSWORD}\n")
        assert done.exit_code == 0, done.output
    return run


@pytest.fixture
def tamper(postgres_server: Postgres, database: str) -> Query:
    """Change the command's database past the trigger."""
    return lambda sql: postgres_server.query(
        f"ALTER TABLE audit_entries DISABLE TRIGGER USER; {sql}; ALTER TABLE audit_entries ENABLE TRIGGER USER",
        database=database,
    )


class TestVerify:
    def test_an_untouched_trail_is_intact(self, command: Command) -> None:
        done = command("audit", "verify")
        assert done.exit_code == 0
        (line,) = [line for line in done.output.splitlines() if line.startswith("lovelace")]
        assert line.split()[2] == "intact"

    def test_names_the_first_broken_entry(self, command: Command, tamper: Query) -> None:
        tamper("DELETE FROM audit_entries WHERE event = 'tenant.suspended'")
        done = command("audit", "verify")
        assert done.exit_code == 1
        (line,) = [line for line in done.output.splitlines() if line.startswith("lovelace")]
        assert "deleted. It is missing." in line
        assert "entry " in line

    def test_one_chain_or_the_platforms(self, command: Command, tamper: Query) -> None:
        tamper("UPDATE audit_entries SET reason = 'another' WHERE event = 'tenant.suspended'")
        assert command("audit", "verify", "--platform").exit_code == 0
        assert command("audit", "verify", "--tenant", "lovelace").exit_code == 1
        assert "no business" in command("audit", "verify", "--tenant", "nobody").output
        assert "Choose one" in command("audit", "verify", "--tenant", "lovelace", "--platform").output

    def test_json_is_for_programs(self, command: Command, tamper: Query) -> None:
        assert json.loads(command("audit", "verify", "--json").stdout)["intact"]
        tamper("UPDATE audit_entries SET reason = 'another' WHERE event = 'tenant.suspended'")
        done = command("audit", "verify", "--json")
        assert done.exit_code == 1
        found = json.loads(done.stdout)
        (chain,) = [chain for chain in found["chains"] if chain["name"] == "lovelace"]
        assert not found["intact"]
        assert chain["finding"]["fault"] == "changed"
        assert chain["finding"]["seq"] == chain["entries"] + 1

    def test_another_key_finds_everything_changed_and_the_former_key_nothing(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        former = get_settings().secret_key
        monkeypatch.setenv("SECRET_KEY", "another secret key of more than thirty-two characters")
        get_settings.cache_clear()
        assert "entry 1: changed" in command("audit", "verify", "--tenant", "lovelace").output
        monkeypatch.setenv("AUDIT_KEY", former)
        get_settings.cache_clear()
        assert command("audit", "verify", "--tenant", "lovelace").exit_code == 0


class TestAnchors:
    def test_a_chain_that_is_gone_is_found_by_its_anchor(self, command: Command, tamper: Query, tmp_path: Path) -> None:
        kept = tmp_path / "anchors.jsonl"
        kept.write_text(command("audit", "anchors").stdout)
        assert command("audit", "verify", "--anchors", str(kept)).exit_code == 0
        tamper("TRUNCATE audit_entries; TRUNCATE audit_chains")
        assert command("audit", "verify").exit_code == 0
        done = command("audit", "verify", "--anchors", str(kept))
        assert done.exit_code == 1
        assert "chain-missing" in done.output

    def test_a_file_of_something_else_is_named(self, command: Command, tmp_path: Path) -> None:
        kept = tmp_path / "anchors.jsonl"
        for words in ("nonsense", '{"chain": "00000000-0000-0000-0000-000000000000", "seq": 1, "hash": "zz"}'):
            kept.write_text(words)
            done = command("audit", "verify", "--anchors", str(kept))
            assert done.exit_code == 1
            assert "line 1" in done.output


class TestCommandsLeaveATrace:
    def test_what_an_operator_did(self, command: Command, postgres_server: Postgres, database: str) -> None:
        assert command("audit", "verify").exit_code == 0
        query = "SELECT event, method FROM audit_entries WHERE event LIKE 'tenant.%' ORDER BY seq"
        assert postgres_server.query(query, database=database).splitlines() == [
            "tenant.created|COMMAND",
            "tenant.suspended|COMMAND",
            "tenant.resumed|COMMAND",
        ]

    def test_logs_that_cannot_be_written_are_told(self, command: Command, tmp_path: Path) -> None:
        for file in (tmp_path / "logs").iterdir():
            file.unlink()
        (tmp_path / "logs").rmdir()
        (tmp_path / "logs").touch()
        for arguments in (("tenant", "suspend", "lovelace"), ("serve", "--port", "0"), ("worker",)):
            done = command(*arguments)
            assert done.exit_code == 1
            assert "LOG_DIR" in done.output
