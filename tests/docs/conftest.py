import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from app.auth.permissions import SCOPES
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import DomainRow
from app.settings import Settings
from tests.actors import Business
from tests.browser.site import serving
from tests.docs.shop import furnish


@pytest.fixture
async def environment(business: Business, settings: Settings) -> AsyncIterator[dict[str, str]]:
    """What the guides take from the environment. The business answers at an address that needs no look-up."""
    token = await business.token(*sorted(SCOPES), mode="test")
    service = await furnish(business, token)
    async with serving(settings) as site:
        domain = DomainRow(
            id=uuid7(), hostname="127.0.0.1", kind="custom", tenant_id=UUID(business.id), created_at=utcnow()
        )
        async with site.app.state.database.transaction() as session:
            session.add(domain)
        yield {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "API": f"http://127.0.0.1:{site.port}/api/v1",
            "TOKEN": token,
            "SERVICE": service,
        }
        async with site.app.state.database.transaction() as session:
            await session.delete(domain)
