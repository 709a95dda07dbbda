"""What the tests of this folder share."""

import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from app.models.public import ThrottleRow
from tests.actors import Business, Platform
from tests.conftest import Caller
from tests.people.crowd import Crowd


@pytest.fixture(scope="module")
async def shop(platform: Platform) -> Business:
    """A business that tests share which mind nothing that another leaves behind."""
    return await platform.sign_up()


@pytest.fixture
def crowd(app: FastAPI, at: Caller) -> Crowd:
    """People of every role."""
    return Crowd(app, at)


@pytest.fixture(autouse=True)
async def forgiven(app: FastAPI) -> None:
    """All tests ask for mails from one address: what others have asked for is not held against this one."""
    async with app.state.database.transaction() as session:
        await session.execute(delete(ThrottleRow))
