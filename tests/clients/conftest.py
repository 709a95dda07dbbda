"""A business that can be booked at a real port, and the OpenAPI document that clients of it are generated from."""

from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path

import orjson
import pytest

from app.settings import Settings
from tests.actors import Business, Platform
from tests.browser.site import Site, serving

SCOPES = ("appointments:write", "availability:read", "customers:write", "services:read")


@pytest.fixture(scope="session")
async def site(settings: Settings) -> AsyncIterator[Site]:
    """The service behind a proxy on this machine, which names the host: few resolvers know those below `localhost`."""
    async with serving(settings.model_copy(update={"trusted_proxies": [IPv4Network("127.0.0.1")]})) as served:
        yield served


@pytest.fixture
def document(site: Site, tmp_path: Path) -> Path:
    """The document in a file."""
    path = tmp_path / "openapi.json"
    path.write_bytes(orjson.dumps(site.app.openapi()))
    return path


@pytest.fixture
async def shop(platform: Platform) -> Business:
    """A business with one service, which somebody gives all day."""
    business = await platform.sign_up()
    staff = await business.make("/resources", {"kind": "staff", "name": "Ada"})
    weekly = [{"weekday": weekday, "start": "00:00", "end": "00:00"} for weekday in range(1, 8)]
    schedule = await business.owner.put(
        f"/api/v1/resources/{staff['id']}/schedule", json={"timezone": "UTC", "weekly": weekly}
    )
    assert schedule.status_code == 200, schedule.text
    requirements = [{"resource_ids": [staff["id"]]}]
    await business.make("/services", {"name": "Cut", "duration_minutes": 60, "requirements": requirements})
    return business


@pytest.fixture
async def environment(site: Site, shop: Business) -> dict[str, str]:
    """What a client is told of it."""
    return {
        "ADDRESS": f"http://127.0.0.1:{site.port}",
        "BUSINESS_HOST": shop.host,
        "TOKEN": await shop.token(*SCOPES),
    }
