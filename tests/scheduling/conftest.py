"""What the tests of this folder share."""

import pytest

from tests.actors import Business, Platform
from tests.scheduling.salon import Salon


@pytest.fixture(scope="module")
async def shop(platform: Platform) -> Business:
    """A business that tests share which mind nothing that another leaves behind."""
    return await platform.sign_up()


@pytest.fixture(scope="module")
async def neighbour(platform: Platform) -> Business:
    """A business beside it."""
    return await platform.sign_up()


@pytest.fixture
async def salon(shop: Business) -> Salon:
    """A salon with nobody in it yet. Others may be in the same business."""
    return await Salon.open(shop)


@pytest.fixture
async def other_salon(neighbour: Business) -> Salon:
    """The salon next door."""
    return await Salon.open(neighbour)


@pytest.fixture
async def lone_salon(business: Business) -> Salon:
    """A salon in a business of its own."""
    return await Salon.open(business)
