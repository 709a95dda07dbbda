"""What the tests of this folder share."""

import pytest

from tests.actors import Business, Platform


@pytest.fixture(scope="module")
async def shop(platform: Platform) -> Business:
    """A business that tests share which mind nothing that another leaves behind."""
    return await platform.sign_up()
