import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from app.auth.permissions import SCOPES
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.invalidation import announce
from app.models.public import DomainRow
from app.settings import Settings
from app.tenancy.tenant import tenant_tag
from tests.actors import PASSWORD, Business
from tests.browser.site import Site, serving
from tests.docs.shop import furnish
from tests.receivers import eventually

ADDRESS = "127.0.0.1"
"""Where the business of a test answers, so that no client has to look a name up."""


@pytest.fixture(scope="session")
async def served(settings: Settings) -> AsyncIterator[Site]:
    """The service at a port of its own."""
    async with serving(settings) as site:
        yield site


@pytest.fixture
async def environment(business: Business, served: Site) -> AsyncIterator[dict[str, str]]:
    """What the guides take from the environment."""
    token = await business.token(*sorted(SCOPES), mode="test")
    service = await furnish(business, token)
    origin, tenant_id = f"http://{ADDRESS}:{served.port}", UUID(business.id)
    domain = DomainRow(id=uuid7(), hostname=ADDRESS, kind="custom", tenant_id=tenant_id, created_at=utcnow())
    database = served.app.state.database
    async with database.transaction() as session:
        session.add(domain)

    async def is_there() -> bool:
        async with httpx.AsyncClient(base_url=origin) as client:
            return bool((await client.get("/")).json().get("business") == f"The {business.slug}")

    await eventually(is_there)
    yield {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "API": f"{origin}/api/v1",
        "TOKEN": token,
        "SERVICE": service,
        "EMAIL": business.email,
        "PASSWORD": PASSWORD,
    }
    async with database.transaction() as session:
        await session.delete(domain)
        announce(session, tenant_tag(tenant_id))
