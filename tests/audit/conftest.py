import pytest
from fastapi import FastAPI

from tests.audit.chains import Chain


@pytest.fixture
def chain(app: FastAPI) -> Chain:
    return Chain(app)


@pytest.fixture
def other_chain(app: FastAPI) -> Chain:
    return Chain(app)
