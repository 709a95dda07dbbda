"""Real servers, the whole application, real log-ins: what every test stands on."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Address
from unittest.mock import patch

import httpx
import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI

from app.auth import passwords
from app.auth.roles import Role
from app.core.clock import utcnow
from app.development import postgres, valkey
from app.main import create_app
from app.people.users import create_user
from app.settings import Environment, Settings
from app.tenancy.migrations import migrate_public
from tests.actors import PASSWORD, Business, LoggedIn, Platform, log_in
from tests.mailbox import Mailbox
from tests.receivers import Receiver, receiving
from tests.tenancy.statements import offences, recording
from tests.working import empty_queue


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have counted, whichever process they ran in."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def sent_statements() -> Iterator[set[str]]:
    """Every statement that has been sent since the tests began."""
    with recording() as sent:
        yield sent


@pytest.fixture(autouse=True)
def statements_fit_for_sharding(sent_statements: set[str]) -> Iterator[None]:
    """Whatever a test has the application do, it sends nothing that a sharded database could not run."""
    known = set(sent_statements)
    yield
    assert not {statement: found for statement in sent_statements - known if (found := offences(statement))}


_HASHES = passwords._context  # noqa: SLF001 - made cheap for the tests alone, where no setting can make it so


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords with little work: there are thousands of log-ins, few of which are about hashing."""
    with patch.object(passwords, "_context", _HASHES.copy(argon2__memory_cost=64, argon2__time_cost=1)):
        yield


@pytest.fixture
def real_hashes() -> Iterator[None]:
    """Hash passwords with as much work as ever."""
    with patch.object(passwords, "_context", _HASHES):
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    with postgres.throwaway() as server:
        yield server


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with valkey.throwaway() as server:
        yield server.url


@pytest.fixture
def fresh_database(postgres_server: postgres.Postgres, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of the test's own."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"[:40]
    postgres_server.query(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    postgres_server.query(f"CREATE DATABASE {name}")
    return postgres_server.url_of(name)


@pytest.fixture(scope="session")
async def settings(
    postgres_server: postgres.Postgres, valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Settings for the session's database, migrated."""
    await migrate_public(postgres_server.url)
    return Settings(
        _env_file=None,
        environment=Environment.TEST,
        secret_key="a secret key that only the tests know of",
        database_url=postgres_server.url,
        redis_url=valkey_url,
        webhook_allow_loopback=True,
        requests_per_minute_of_session=1_000_000,  # all tests are made in a few minutes, many by the same people
        requests_per_minute_of_address=1_000_000,
        data_dir=tmp_path_factory.mktemp("data"),
        log_dir=tmp_path_factory.mktemp("logs"),
    )


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


Caller = Callable[..., httpx.AsyncClient]


@asynccontextmanager
async def clients(of: FastAPI) -> AsyncIterator[Caller]:
    """Make clients of an application's hosts. Each has an address of its own, as people have."""
    addresses = (str(IPv4Address("10.0.0.0") + number) for number in itertools.count(1))
    async with AsyncExitStack() as stack:

        def client(host: str, token: str | None = None, *, app: FastAPI = of) -> httpx.AsyncClient:
            made = httpx.AsyncClient(
                transport=httpx.ASGITransport(app, raise_app_exceptions=False, client=(next(addresses), 1)),
                base_url=f"http://{host}",
                headers={"Authorization": f"Bearer {token}"} if token else {},
            )
            stack.push_async_callback(made.aclose)
            return made

        yield client


@pytest.fixture(scope="session")
async def at(app: FastAPI) -> AsyncIterator[Caller]:
    """Make a client of a host: `at("demo.localhost", token)`."""
    async with clients(app) as made:
        yield made


async def found_platform(app: FastAPI, at: Caller) -> Platform:
    """The platform's host, with a superuser logged in: the first user of this application's database."""
    async with app.state.database.transaction() as session:
        await create_user(
            session,
            email="root@platform.example",
            name="Root",
            password=PASSWORD,
            role=Role.SUPERUSER,
            tenant_id=None,
            now=utcnow(),
        )
    anonymous = at("platform.localhost")
    superuser = at("platform.localhost", await log_in(anonymous, "root@platform.example"))
    return Platform(superuser, anonymous, at, LoggedIn(superuser, anonymous, "root@platform.example"))


@pytest.fixture(scope="session")
async def platform(app: FastAPI, at: Caller) -> Platform:
    """The platform's host, with a superuser logged in."""
    return await found_platform(app, at)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A webhook consumer."""
    async with receiving() as made:
        yield made


@pytest.fixture
async def other_receiver() -> AsyncIterator[Receiver]:
    """A second one beside it."""
    async with receiving() as made:
        yield made


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[ArqRedis]:
    """The queue's server, emptied of what other tests have left."""
    async with empty_queue(settings) as pool:
        yield pool


@pytest.fixture
async def business(platform: Platform) -> Business:
    """A business of the test's own, with its owner logged in."""
    return await platform.sign_up()


@pytest.fixture(scope="session")
async def lasting(platform: Platform) -> tuple[Business, LoggedIn]:
    """A business that lives through all tests, and what keeps its owner logged in."""
    business = await platform.sign_up("bystander")
    return business, LoggedIn(business.owner, business.anonymous, business.email)


@pytest.fixture
async def bystander(lasting: tuple[Business, LoggedIn]) -> Business:
    """A business for the tests that leave nothing behind which others would notice."""
    business, owner = lasting
    await owner.renew()
    return business


@pytest.fixture
async def other_business(platform: Platform) -> Business:
    """A second business beside it."""
    return await platform.sign_up()


@pytest.fixture
def mailbox(app: FastAPI) -> Mailbox:
    """Everybody's letter box: what mails the application has written."""
    return Mailbox(app)
