from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from app.settings import Settings
from tests.browser.site import Site, Watched, launched, serving, watching


@pytest.fixture(scope="session")
async def site(settings: Settings) -> AsyncIterator[Site]:
    """The service at a port of its own."""
    async with serving(settings) as served:
        yield served


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as started:
        yield started


@pytest.fixture
async def window(browser: Browser) -> AsyncIterator[Watched]:
    """A window that nobody has used before."""
    async with watching(browser) as watched:
        yield watched
