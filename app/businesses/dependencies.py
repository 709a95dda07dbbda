"""What a router may ask for beyond the caller's own transaction."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.recording import attach
from app.auth.dependencies import audit_context
from app.db.session import Database
from app.tenancy.dependencies import current_tenant, now
from app.tenancy.mode import Mode


async def sandbox_session(request: Request) -> AsyncIterator[AsyncSession]:
    """A transaction in the sandbox of the business that was called, whoever calls, committed before the answer."""
    tenant = await current_tenant(request)
    await now(request)
    database: Database = request.app.state.database
    async with database.transaction(tenant.schema(Mode.SANDBOX)) as session:
        attach(session, partial(audit_context, request))
        yield session


SandboxSession = Annotated[AsyncSession, Depends(sandbox_session, scope="function")]
