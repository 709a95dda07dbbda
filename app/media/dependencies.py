"""Who may do what with files, and where they lie."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.recording import attach
from app.auth.dependencies import Permitted, audit_context, current_principal, settings
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.db.session import Database
from app.integrations.storage import Storage
from app.media.shelf import Shelf
from app.tenancy.dependencies import current_host, current_tenant, now
from app.tenancy.tenant import TenantSchema


async def storage(request: Request) -> Storage:
    """Where files lie."""
    kept: Storage = request.app.state.storage
    return kept


async def shelf(request: Request) -> Shelf:
    """The files of the caller's business and mode. Addresses lead to the host that was called, if it is theirs."""
    tenant = await current_tenant(request)
    host = await current_host(request)
    schema = tenant.schema((await current_principal(request)).mode)
    known = await settings(request)
    await now(request)
    return Shelf(
        storage=request.app.state.storage,
        inspector=request.app.state.inspector,
        schema=schema,
        origin=known.url(tenant.slug) if host.is_for_tokens else f"{known.public_scheme}://{request.headers['host']}",
        begin=partial(_begin, request, schema),
    )


@asynccontextmanager
async def _begin(request: Request, schema: TenantSchema) -> AsyncIterator[AsyncSession]:
    """One of several transactions of a request that does not keep a connection while it is busy elsewhere."""
    database: Database = request.app.state.database
    async with database.transaction(schema) as session:
        attach(session, partial(audit_context, request))
        yield session


CurrentStorage = Annotated[Storage, Depends(storage)]
CurrentShelf = Annotated[Shelf, Depends(shelf)]
CanReadMedia = Annotated[Principal, Depends(Permitted(Permission.MEDIA_READ))]
CanWriteMedia = Annotated[Principal, Depends(Permitted(Permission.MEDIA_WRITE))]
