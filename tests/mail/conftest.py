from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from sqlalchemy import delete

from app.models.public import MailRow
from tests.actors import Business
from tests.mail.servers import MailServer, serving


@pytest.fixture(autouse=True)
async def _no_mails_of_other_tests(app: FastAPI) -> None:
    """A worker sends whatever is due, whoever wrote it: what other tests have left is taken away."""
    await _take_away(app)


async def _take_away(app: FastAPI) -> None:
    async with app.state.database.transaction() as session:
        await session.execute(delete(MailRow))


@pytest.fixture
async def business(business: Business, app: FastAPI) -> Business:
    """A business of the test's own, whose sign-up has been written about before the test begins."""
    await _take_away(app)
    return business


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A mail server."""
    async with serving() as made:
        yield made
