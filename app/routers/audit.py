"""The audit trail, for those whom it concerns."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from app.audit import reading
from app.audit.reading import Reader
from app.audit.schemas import AuditEntryRead, AuditFilters, AuditQuery
from app.auth.dependencies import CanReadAudit, PublicSession
from app.db.session import Database
from app.errors import CursorInvalid, TenantNotFound
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/audit", tags=["Audit trail"], responses=problems(*PERMITTED, TenantNotFound))


class CsvResponse(StreamingResponse):
    media_type = "text/csv"


async def database(request: Request) -> Database:
    """For what is read while it is being sent, when the request's own transaction has ended."""
    pool: Database = request.app.state.database
    return pool


@router.get("", summary="List audit entries", responses=problems(CursorInvalid))
async def list_audit_entries(
    actor: CanReadAudit, session: PublicSession, query: Annotated[AuditQuery, Query()]
) -> PageRead[AuditEntryRead]:
    """What was done at this business, or on the platform's host at the platform, newest first."""
    return PageRead[AuditEntryRead].model_validate(await reading.find(session, Reader(actor.tenant, actor.mode), query))


@router.get("/export", summary="Export audit entries", response_class=CsvResponse)
async def export_audit_entries(
    actor: CanReadAudit,
    session: PublicSession,
    filters: Annotated[AuditFilters, Query()],
    pool: Annotated[Database, Depends(database)],
) -> CsvResponse:
    """All of these entries as CSV, oldest first. The export is an entry itself."""
    batches = reading.export(session, pool, Reader(actor.tenant, actor.mode), filters)
    return CsvResponse(batches, headers={"Content-Disposition": 'attachment; filename="audit.csv"'})
