from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.actors import Business
from tests.outboxes import Clock, Outbox, outbox_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def outbox(app: FastAPI, business: Business, clock: Clock) -> AsyncIterator[Outbox]:
    async with outbox_of(app, business, clock) as made:
        yield made
