"""The `smoothschedule` command: run for real, on databases of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import validate
from redis import Redis
from typer.testing import CliRunner, Result

from app.cli import app
from app.cli.passwords import VARIABLE
from app.development.postgres import Postgres
from app.settings import get_settings
from tests.actors import PASSWORD
from tests.development.watching import wait_until

COMMAND = Path(sys.executable).with_name("smoothschedule")
WORKER_ALIVE = "arq:queue:health-check"

Command = Callable[..., Result]
Query = Callable[[str], str]


@pytest.fixture
def environment(fresh_database: str, valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Settings for an empty database (named here), in a directory without a `.env`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("DATABASE_URL", fresh_database)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.delenv(VARIABLE, raising=False)
    get_settings.cache_clear()
    yield fresh_database.partition("?")[0].rpartition("/")[2]
    get_settings.cache_clear()


@pytest.fixture
def command(environment: str) -> Command:  # noqa: ARG001 — it is for the settings
    """Run the command in this process."""

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=typed, prog_name="smoothschedule")

    return run


@pytest.fixture
def query(postgres_server: Postgres, environment: str) -> Query:
    """Ask the command's database."""
    return lambda sql: postgres_server.query(sql, database=environment)


@pytest.fixture
def migrated(command: Command) -> Command:
    assert command("migrate").exit_code == 0
    return command


@pytest.fixture
def with_business(migrated: Command) -> Command:
    assert sign_up(migrated).exit_code == 0
    return migrated


def sign_up(command: Command, slug: str = "lovelace", *, typed: str = f"{PASSWORD}\n") -> Result:
    owner = ("--owner-email", "ada@lovelace.example", "--owner-name", "Ada Lovelace", "--password-stdin")
    return command("tenant", "create", slug, "--name", "Lovelace Hair", *owner, typed=typed)


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return str(probe.getsockname()[1])


@contextmanager
def process(*arguments: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own; stopped at the end, if it still runs."""
    with subprocess.Popen(  # noqa: S603 — our own program
        (COMMAND, *arguments),
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.terminate()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


def logs_in(url: str, email: str, password: str, **_rest: str) -> bool:
    """Whether the log-in works. Its host is given as a header: not every resolver knows `*.localhost`."""
    at = httpx.URL(url)
    answer = httpx.post(
        at.copy_with(host="127.0.0.1", path="/api/v1/auth/login"),
        headers={"Host": at.netloc.decode()},
        json={"email": email, "password": password},
    )
    return answer.is_success


class TestCommand:
    def test_lists_its_subcommands(self, command: Command) -> None:
        output = command("--help").output
        for name in ("serve", "worker", "dev", "migrate", "tenant", "user", "seed-demo", "openapi"):
            assert re.search(rf"^\W*{name}\b", output, re.MULTILINE), name

    def test_refuses_an_unknown_subcommand(self, command: Command) -> None:
        assert command("fly").exit_code == 2

    def test_says_when_the_database_cannot_be_reached(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing")
        result = command("tenant", "list")
        assert result.exit_code == 1
        assert "PostgreSQL cannot be reached" in result.output

    def test_says_when_the_database_does_not_exist(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].replace("/test_", "/no_"))
        result = command("tenant", "list")
        assert result.exit_code == 1
        assert re.search(r"PostgreSQL refused: database .* does not exist", result.output)

    def test_says_when_the_database_is_not_migrated(self, command: Command) -> None:
        result = command("tenant", "list")
        assert result.exit_code == 1
        assert "smoothschedule migrate" in result.output

    def test_says_which_setting_is_wrong(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "many")
        result = command("tenant", "list")
        assert result.exit_code == 1
        assert "PORT: Input should be a valid integer" in result.output


class TestMigrate:
    def test_migrates_what_the_plan_says(self, command: Command) -> None:
        assert "public: revisions 0001" in command("migrate", "--plan").output
        assert command("migrate").exit_code == 0
        assert command("migrate", "--plan").output == "Everything is up to date.\n"

    def test_plans_without_touching_anything(self, command: Command, query: Query) -> None:
        command("migrate", "--plan")
        assert query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"

    def test_names_the_schemas_that_fail_and_goes_on(self, with_business: Command, query: Query) -> None:
        query("UPDATE tenant_schemas SET revision = 'old'; DELETE FROM tenant_lovelace.alembic_version")
        assert with_business("migrate", "--plan").output.split("\n")[:2] == [
            "tenant_lovelace: behind",
            "tenant_lovelace_sandbox: behind",
        ]
        result = with_business("migrate")
        assert result.exit_code == 1
        assert "1 schemas could not be migrated" in result.output
        assert re.search(r"^  tenant_lovelace: .*already exists", result.output, re.MULTILINE)
        assert query("SELECT name FROM tenant_schemas WHERE revision = 'old'") == "tenant_lovelace"


class TestTenantCreate:
    def test_signs_a_business_up(self, migrated: Command) -> None:
        result = sign_up(migrated)
        assert result.exit_code == 0
        assert "http://lovelace.localhost:8000" in result.output
        assert re.search(r"lovelace +Lovelace Hair +http://lovelace.localhost:8000 +active +UTC", listed(migrated))

    @pytest.mark.parametrize(
        ("slug", "password", "complaint"),
        [
            ("Ada's", PASSWORD, "slug: may hold lower-case letters"),
            ("www", PASSWORD, "slug: is reserved"),
            ("lovelace", "password", "password: is one of the commonest passwords"),
            ("lovelace", "", "There is no password on standard input."),
        ],
    )
    def test_says_what_is_wrong(self, migrated: Command, slug: str, password: str, complaint: str) -> None:
        result = sign_up(migrated, slug, typed=f"{password}\n")
        assert result.exit_code == 1
        assert complaint in result.output

    def test_refuses_a_slug_twice(self, with_business: Command) -> None:
        result = sign_up(with_business)
        assert result.exit_code == 1
        assert "Choose another one" in result.output


def listed(command: Command) -> str:
    return command("tenant", "list").output


class TestTenantSuspend:
    def test_suspends_until_resumed(self, with_business: Command) -> None:
        assert with_business("tenant", "suspend", "lovelace").exit_code == 0
        assert "suspended" in listed(with_business)
        assert with_business("tenant", "resume", "lovelace").exit_code == 0
        assert "suspended" not in listed(with_business)

    def test_refuses_an_unknown_business(self, migrated: Command) -> None:
        result = migrated("tenant", "suspend", "nobody")
        assert result.exit_code == 1
        assert "There is no business 'nobody'" in result.output


class TestUserCreate:
    def test_makes_staff_of_the_platform(self, migrated: Command, query: Query) -> None:
        result = create_user(migrated, "PLATFORM_SUPPORT", typed=f"{PASSWORD}\n{PASSWORD}\n")
        assert result.exit_code == 0, result.output
        assert "http://platform.localhost:8000" in result.output
        assert PASSWORD not in result.output
        assert query("SELECT email, role, tenant_id IS NULL FROM users") == "sam@support.example|PLATFORM_SUPPORT|t"

    def test_makes_staff_of_a_business_with_the_environments_password(
        self, with_business: Command, query: Query, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, PASSWORD)
        result = create_user(with_business, "TENANT_STAFF", "--tenant", "lovelace")
        assert result.exit_code == 0, result.output
        assert query("SELECT tenant_id IS NULL FROM users WHERE role = 'TENANT_STAFF'") == "f"

    def test_refuses_passwords_that_differ(self, migrated: Command) -> None:
        result = create_user(migrated, "SUPERUSER", typed="one phrase\nanother phrase\n")
        assert result.exit_code == 1
        assert "do not match" in result.output

    @pytest.mark.parametrize(
        ("role", "tenant", "complaint"),
        [("SUPERUSER", ("--tenant", "lovelace"), "leave --tenant out"), ("TENANT_STAFF", (), "needs a business")],
    )
    def test_refuses_a_role_that_does_not_fit(
        self, command: Command, role: str, tenant: tuple[str, ...], complaint: str
    ) -> None:
        result = create_user(command, role, *tenant)
        assert result.exit_code == 1
        assert complaint in result.output

    def test_refuses_somebody_twice(self, migrated: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(VARIABLE, PASSWORD)
        assert create_user(migrated, "SUPERUSER").exit_code == 0
        result = create_user(migrated, "SUPERUSER")
        assert result.exit_code == 1
        assert "another address" in result.output


def create_user(command: Command, role: str, *more: str, typed: str | None = None) -> Result:
    return command("user", "create", "Sam@Support.example", "--name", "Sam", "--role", role, *more, typed=typed)


class TestSeedDemo:
    def test_prints_the_same_log_ins_each_time(self, migrated: Command) -> None:
        first, second = (migrated("seed-demo") for _ in range(2))
        assert (first.exit_code, second.exit_code) == (0, 0)
        assert first.output == second.output
        assert re.search(r"http://demo.localhost:8000 +owner@demo.example +(\w{4}-){3}\w{4}", first.output)

    def test_is_refused_in_production_unless_forced(
        self, migrated: Command, query: Query, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ENVIRONMENT", "production")
        monkeypatch.setenv("PUBLIC_SCHEME", "https")
        monkeypatch.setenv("SECRET_KEY", "a secret key of nobody's production")
        monkeypatch.setenv("SMTP_URL", "smtp://mail.invalid")
        get_settings.cache_clear()
        refused = migrated("seed-demo")
        assert (refused.exit_code, query("SELECT count(*) FROM tenants")) == (1, "0")
        assert "--force" in refused.output
        forced = migrated("seed-demo", "--force")
        assert forced.exit_code == 0, forced.output
        assert query("SELECT string_agg(role, ' ') FROM users") == "TENANT_OWNER TENANT_OWNER"
        assert "root@" not in forced.output


class TestOpenapi:
    def test_prints_a_valid_document_without_a_database(
        self, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://nobody@nowhere.invalid/nothing")
        result = command("openapi")
        assert result.exit_code == 0
        validate(json.loads(result.stdout))


@pytest.mark.usefixtures("migrated")
class TestServe:
    def test_serves_until_it_is_told_to_stop(self) -> None:
        port = free_port()
        with process("serve", "--port", port) as running:
            wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz") or running.poll() is not None)
            assert running.poll() is None, running.communicate()
            running.send_signal(signal.SIGTERM)
            output, _ = running.communicate()
        assert "Application shutdown complete" in output
        assert "Traceback" not in output
        assert "GET /healthz" not in output

    def test_says_when_the_port_is_taken(self) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as other,
            process("serve", "--port", str(other.getsockname()[1])) as running,
        ):
            output, _ = running.communicate()
        assert running.returncode != 0
        assert "address already in use" in output
        assert "Traceback" not in output


@pytest.mark.usefixtures("migrated")
class TestWorker:
    def test_works_until_it_is_told_to_stop(self, valkey_url: str) -> None:
        with Redis.from_url(valkey_url) as valkey, process("worker") as running:
            valkey.delete(WORKER_ALIVE)
            wait_until(lambda: bool(valkey.exists(WORKER_ALIVE)) or running.poll() is not None)
            running.send_signal(signal.SIGTERM)
            output, _ = running.communicate()
        assert running.returncode == 0, output
        assert "Traceback" not in output


class TestDev:
    @pytest.mark.usefixtures("environment")
    def test_comes_up_migrated_and_seeded_with_log_ins_that_work(self, tmp_path: Path) -> None:
        summary = tmp_path / ".data" / "development.json"
        with process("dev", ENVIRONMENT="development", PORT=free_port()) as running:
            wait_until(lambda: summary.exists() or running.poll() is not None)
            assert running.poll() is None, running.communicate()
            found = json.loads(summary.read_text())
            assert all(logs_in(**login) for login in (found["platform"], *found["tenants"]))
            assert [tenant["slug"] for tenant in found["tenants"]] == ["demo", "garage"]
            running.send_signal(signal.SIGINT)
            output, _ = running.communicate()
        assert (running.returncode, output.splitlines()[-1]) == (0, "Stopped.")

    def test_is_no_way_to_run_production(self, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ENVIRONMENT", "production")
        monkeypatch.setenv("PUBLIC_SCHEME", "https")
        monkeypatch.setenv("SECRET_KEY", "a secret key of nobody's production")
        monkeypatch.setenv("SMTP_URL", "smtp://mail.invalid")
        result = command("dev")
        assert result.exit_code == 1
        assert "production" in result.output
