import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app.auth.directory import PrincipalDirectory
from app.auth.roles import Role
from app.main import create_app
from app.settings import Settings
from tests.actors import Business
from tests.auth.cast import Cast
from tests.auth.visitors import Visitor, Visitors
from tests.conftest import Caller


@pytest.fixture
def cast(app: FastAPI, at: Caller) -> Cast:
    """Whoever a test needs."""
    return Cast(app, at)


@pytest.fixture
def visitors(app: FastAPI, at: Caller) -> Visitors:
    """Whoever logs in."""
    return Visitors(app, at)


@pytest.fixture
async def visitor(visitors: Visitors, business: Business) -> Visitor:
    """A member of a business's staff with a password."""
    return await visitors.add(business.host, Role.TENANT_STAFF, business.id)


@pytest.fixture
async def manager(visitors: Visitors) -> Visitor:
    """One of the platform's managers."""
    return await visitors.add("platform.localhost", Role.PLATFORM_MANAGER)


@pytest.fixture(scope="module")
async def other_process(settings: Settings) -> AsyncIterator[FastAPI]:
    """Another process of the same installation, which remembers what it has looked up."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        directory: PrincipalDirectory = application.state.principals
        async with asyncio.timeout(10):
            while not directory.cache.enabled:  # noqa: ASYNC110 — what is waited for lies in another connection
                await asyncio.sleep(0.005)
        yield application
