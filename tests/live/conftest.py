"""A served application, and people who listen at it."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from fastapi import FastAPI

from tests.actors import Business
from tests.conftest import Caller as ClientOf
from tests.live.listening import Connect, connected
from tests.people.crowd import Crowd
from tests.serving import served
from tests.tickets.conftest import Desk


@pytest.fixture
async def connect(app: FastAPI) -> AsyncIterator[Connect]:
    """Open the socket as a browser does: `connect(client, topics="tickets")`."""
    async with served(app) as port:
        yield partial(connected, port)


@pytest.fixture
async def desk(app: FastAPI, at: ClientOf, business: Business) -> Desk:
    return Desk(business, Crowd(app, at))


@pytest.fixture
async def crowd(app: FastAPI, at: ClientOf) -> Crowd:
    return Crowd(app, at)
