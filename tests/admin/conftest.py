import itertools
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.core.clock import utcnow
from app.people.users import create_user
from tests.actors import PASSWORD
from tests.admin.office import HOST, Office
from tests.conftest import Caller

Hire = Callable[..., Awaitable[Office]]

_numbers = itertools.count(1)


@pytest.fixture
async def hire(app: FastAPI, at: Caller) -> Hire:
    """Make somebody new of a platform role, as in `hire(Role.SUPERUSER)`, who has logged in unless told otherwise."""

    async def hired(role: Role, *, enters: bool = True, app: FastAPI = app) -> Office:
        email = f"{role.lower()}-{next(_numbers)}@platform.example"
        async with app.state.database.transaction() as session:
            user = await create_user(
                session, email=email, name=f"Pat {role}", password=PASSWORD, role=role, tenant_id=None, now=utcnow()
            )
        office = Office(at(HOST, app=app), email, role, str(user.id))
        if enters:
            await office.enter()
        return office

    return hired


@pytest.fixture
async def superuser(hire: Hire) -> Office:
    return await hire(Role.SUPERUSER)


@pytest.fixture
async def stranger(at: Caller) -> httpx.AsyncClient:
    """Somebody who has not logged in."""
    return at(HOST)
