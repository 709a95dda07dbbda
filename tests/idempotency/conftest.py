"""What the tests of this folder share."""

import pytest

from tests.actors import Business, Platform
from tests.idempotency.desk import Desk


@pytest.fixture(scope="module")
async def shop(platform: Platform) -> Business:
    """A business that tests share which mind nothing that another leaves behind."""
    return await platform.sign_up()


@pytest.fixture
async def desk(shop: Business) -> Desk:
    """Somebody with a token of their own who adds customers."""
    return Desk(await shop.client("customers:read", "customers:write"))
