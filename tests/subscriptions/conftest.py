"""What the tests of this folder share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.actors import Business, Platform

STARTER = "/api/v1/platform/tiers/STARTER"
Limiting = Callable[..., Awaitable[None]]


@pytest.fixture
async def starter(platform: Platform) -> AsyncIterator[Limiting]:
    """A way to change what STARTER covers, until the test ends."""
    before = next(
        tier for tier in (await platform.superuser.get("/api/v1/platform/tiers")).json() if tier["name"] == "STARTER"
    )

    async def limit(**limits: Any) -> None:
        answer = await platform.superuser.patch(STARTER, json=limits)
        assert answer.status_code == 200, answer.text

    yield limit
    await limit(**{name: value for name, value in before.items() if name != "name"})


@pytest.fixture
async def small_business(platform: Platform) -> Business:
    """A business with a STARTER subscription."""
    return await platform.sign_up(subscription_tier="STARTER")
