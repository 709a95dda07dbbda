"""The audit trail: filtered, verified, exported."""

import asyncio
import re
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.admin.forms import checked, fields_of, transaction
from app.admin.pages import OfficePage, action, page
from app.audit import inspection, reading
from app.audit.context import Result
from app.audit.events import AuditEvent
from app.audit.reading import Reader
from app.audit.schemas import AuditFilters, AuditQuery
from app.audit.trail import audit_keyring
from app.audit.verification import Verifier
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.businesses import directory
from app.people import overview
from app.runtime import Runtime

PATIENCE_SECONDS = 20
"""How long a page may take. A chain of some hundred thousand entries is one for the command."""

EVENTS = [f"{family}.*" for family in dict.fromkeys(event.family for event in AuditEvent)] + [*AuditEvent]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class AuditPages(OfficePage):
    menu_label = "Audit trail"
    icon = "fa-solid fa-clipboard-list"
    path = "/audit"
    about = "Who did what, when, from where; and whether the chain is whole."
    permission = Permission.AUDIT_READ

    def of_tenant(self, tenant_id: UUID) -> str:
        """The business's own chain."""
        return f"?tenant_id={tenant_id}"

    @page("", Permission.AUDIT_READ, name="audit")
    async def index(self, request: Request, actor: Principal) -> Response:
        """The entries of one chain, newest first, and how the chain stands."""
        asked = _filters(dict(request.query_params))
        query = checked(AuditQuery, asked)
        async with transaction(request) as session:
            tenant = await directory.require(session, actor, query.tenant_id) if query.tenant_id else None
            found = await reading.find(session, Reader(actor.tenant, actor.mode), query)
            people = await overview.addresses_of(
                session, {each for entry in found.items for each in (entry.actor_id, entry.user_id) if each}
            )
            state = await inspection.find_state(session, _verifier(request), query.tenant_id)
        choices = {"events": EVENTS, "results": [*Result], "asked": request.query_params}
        context = {"tenant": tenant, "found": found, "people": people, "state": state}
        return self.show(request, "audit.html", query=query, **context, **choices)

    @action("/verify", Permission.AUDIT_READ, name="verify-chain")
    async def verify(self, request: Request, actor: Principal) -> Response:
        """Walk a chain from its first entry to its end."""
        tenant_id = checked(AuditFilters, await fields_of(request)).tenant_id
        report = None
        async with transaction(request) as session:
            tenant = await directory.require(session, actor, tenant_id) if tenant_id else None
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    report = await inspection.verify(session, _verifier(request), tenant_id)
            except TimeoutError:
                pass
        return self.show(request, "audit_report.html", tenant=tenant, report=report)

    @action("/export", Permission.AUDIT_READ, name="export-audit")
    async def export(self, request: Request, actor: Principal) -> Response:
        """The entries as CSV. That somebody takes them along is an entry itself."""
        filters = checked(AuditFilters, _filters(await fields_of(request)))
        async with transaction(request) as session:
            if filters.tenant_id:
                await directory.require(session, actor, filters.tenant_id)
            batches = reading.export(session, request.app.state.database, Reader(actor.tenant, actor.mode), filters)
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingResponse(batches, media_type="text/csv", headers=headers)


def _filters(asked: dict[str, str | None]) -> dict[str, str | None]:
    """What was filled in. A day is its first instant, in UTC."""
    return {
        name: f"{value}T00:00:00Z" if name in {"since", "until"} and _DAY.fullmatch(value) else value
        for name, value in asked.items()
        if value
    }


def _verifier(request: Request) -> Verifier:
    runtime: Runtime = request.app.state.runtime
    return Verifier(runtime.database, audit_keyring(runtime.settings))
