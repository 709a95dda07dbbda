"""The readable names of devices, and the notice of one that is new."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.auth.devices import label_of
from app.auth.roles import Role
from app.mail.messages import MailKind
from app.main import create_app
from app.settings import Settings
from tests.actors import Business
from tests.auth.visitors import FIREFOX, SAFARI, Visitor, Visitors
from tests.conftest import Caller
from tests.mailbox import Mailbox
from tests.places import write_places

EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 "
    "Safari/537.36 Edg/141.0.0.0"
)
OTHER_FIREFOX = FIREFOX.replace("140.0", "151.0")
BERLIN, KYOTO, SEA = "198.51.100.7", "203.0.113.9", "192.0.2.1"


class TestLabel:
    @pytest.mark.parametrize(
        ("user_agent", "label"),
        [
            (FIREFOX, "Firefox on Linux"),
            (SAFARI, "Mobile Safari on iOS"),
            (EDGE, "Edge on Windows"),
            ("curl/8.5.0", "curl"),
            ("Something of our own", "Unknown device"),
            ("", "Unknown device"),
            (None, "Unknown device"),
        ],
    )
    def test_names_program_and_system(self, user_agent: str | None, label: str) -> None:
        assert label_of(user_agent) == label


class TestNewDevice:
    async def test_the_first_log_in_of_all_is_no_news(self, visitor: Visitor, mailbox: Mailbox) -> None:
        await visitor.enter(**{"User-Agent": FIREFOX})
        assert not await mailbox.find(visitor.email, MailKind.NEW_DEVICE)

    async def test_another_one_is_written_of(self, visitor: Visitor, mailbox: Mailbox) -> None:
        await visitor.enter(**{"User-Agent": FIREFOX})
        await visitor.enter(**{"User-Agent": SAFARI})
        mail = await mailbox.latest(visitor.email, MailKind.NEW_DEVICE)
        assert "Mobile Safari on iOS" in mail.text
        (notice,) = await visitor.notifications("new_device")
        assert notice.data["device"] == "Mobile Safari on iOS"
        assert notice.data["ip_address"].startswith("10.")

    async def test_another_version_of_a_known_one_is_not_new(self, visitor: Visitor, mailbox: Mailbox) -> None:
        for user_agent in (FIREFOX, OTHER_FIREFOX):
            await visitor.enter(**{"User-Agent": user_agent})
        assert not await mailbox.find(visitor.email, MailKind.NEW_DEVICE)

    async def test_a_device_is_new_once(self, visitor: Visitor, mailbox: Mailbox) -> None:
        for user_agent in (FIREFOX, SAFARI, SAFARI, FIREFOX):
            await visitor.enter(**{"User-Agent": user_agent})
        assert len(await mailbox.find(visitor.email, MailKind.NEW_DEVICE)) == 1

    async def test_a_refused_log_in_makes_no_device_known(self, visitor: Visitor, mailbox: Mailbox) -> None:
        await visitor.enter(**{"User-Agent": FIREFOX})
        await visitor.log_in("not the password", **{"User-Agent": SAFARI})
        assert not await mailbox.find(visitor.email, MailKind.NEW_DEVICE)
        await visitor.enter(**{"User-Agent": SAFARI})
        assert len(await mailbox.find(visitor.email, MailKind.NEW_DEVICE)) == 1

    async def test_a_user_agent_of_any_length_is_taken(self, visitor: Visitor) -> None:
        for _ in range(2):
            await visitor.enter(**{"User-Agent": FIREFOX + "x" * 4000})
        assert {len(row.user_agent or "") for row in await visitor.sessions()} == {400}


@pytest.fixture(scope="module")
def database_of_places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that knows two networks."""
    german, japanese = {"names": {"en": "Germany", "de": "Deutschland"}}, {"names": {"en": "Japan"}}
    records = {
        "198.51.100.0/24": {"city": {"names": {"en": "Berlin"}}, "country": german},
        "203.0.113.0/24": {"city": {"names": {"en": "Kyoto"}}, "country": japanese},
    }
    return write_places(tmp_path_factory.mktemp("places") / "places.mmdb", records)


@pytest.fixture(scope="module")
async def placed_app(settings: Settings, database_of_places: Path) -> AsyncIterator[FastAPI]:
    """An installation that knows places."""
    application = create_app(settings.model_copy(update={"geoip_database": database_of_places}))
    async with application.router.lifespan_context(application):
        yield application


class TestPlace:
    @pytest.fixture
    async def traveller(self, placed_app: FastAPI, at: Caller, business: Business) -> Visitor:
        visitors = Visitors(placed_app, lambda host, token=None: at(host, token, app=placed_app))
        return await visitors.add(business.host, Role.TENANT_STAFF, business.id)

    async def enter_from(self, traveller: Visitor, address: str) -> None:
        transport = httpx.ASGITransport(traveller.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{traveller.host}") as client:
            traveller.client = client
            await traveller.enter(**{"User-Agent": FIREFOX})

    async def test_is_kept_with_the_session_and_shown(self, traveller: Visitor) -> None:
        await self.enter_from(traveller, BERLIN)
        await self.enter_from(traveller, SEA)
        assert [row.place for row in await traveller.sessions()] == ["Berlin, Germany", None]

    async def test_a_known_device_in_another_place_is_written_of(self, traveller: Visitor, mailbox: Mailbox) -> None:
        for address in (BERLIN, BERLIN, KYOTO, BERLIN):
            await self.enter_from(traveller, address)
        (mail,) = await mailbox.find(traveller.email, MailKind.NEW_DEVICE)
        assert "Kyoto, Japan" in mail.text
        (notice,) = await traveller.notifications("new_device")
        assert notice.data["place"] == "Kyoto, Japan"
