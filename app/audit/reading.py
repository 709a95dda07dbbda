"""Reading the trail: page by page, or all of it as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import AuditEvent
from app.audit.recording import PLATFORM_CHAIN, changed, record
from app.audit.redaction import instant
from app.audit.schemas import AuditEntryRead, AuditFilters, AuditQuery
from app.core.pagination import Page
from app.db.pages import Orders, find_page
from app.db.session import Database
from app.errors import TenantNotFound
from app.models.public import AuditEntryRow
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

COLUMNS = tuple(AuditEntryRead.model_fields)

_ORDERS: Orders = {"seq": AuditEntryRow.seq}
_BATCH = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: a business (its own chain, a test token its sandbox's entries alone), or the platform."""

    tenant: Tenant | None
    mode: Mode

    def tenant_id(self, wanted: UUID | None) -> UUID | None:
        """Whose chain is read: a tenant's, or (None) the platform's. Raises TenantNotFound for another business's."""
        if self.tenant is None:
            return wanted
        if wanted not in {None, self.tenant.id}:
            raise TenantNotFound("There is no business {tenant_id} here.", params={"tenant_id": wanted})
        return self.tenant.id


async def find(session: AsyncSession, reader: Reader, query: AuditQuery) -> Page[AuditEntryRow]:
    """A page of the entries. Raises CursorInvalid and TenantNotFound."""
    wanted = select(AuditEntryRow).where(*_conditions(reader, query))
    return await find_page(session, wanted, query, _ORDERS, by=AuditEntryRow.seq)


def export(session: AsyncSession, database: Database, reader: Reader, filters: AuditFilters) -> AsyncIterator[bytes]:
    """The entries as CSV, oldest first, in batches that are read as they are asked for. Raises TenantNotFound.

    That somebody exports them is an entry itself, of this session.
    """
    tenant_id = reader.tenant_id(filters.tenant_id)
    asked = filters.model_dump(exclude={"tenant_id"}, exclude_none=True)
    record(session, AuditEvent.AUDIT_EXPORTED, tenant_id=tenant_id, diff=changed({}, asked))
    return _batches(database, _conditions(reader, filters))


async def _batches(database: Database, conditions: Iterable[ColumnElement[bool]]) -> AsyncIterator[bytes]:
    """Each in a transaction of its own: whoever downloads slowly holds no connection."""
    query = select(AuditEntryRow).where(*conditions).order_by(AuditEntryRow.seq).limit(_BATCH)
    yield csv_of([COLUMNS])
    last = 0
    while True:
        async with database.transaction() as session:
            rows = (await session.scalars(query.where(AuditEntryRow.seq > last))).all()
        if rows:
            yield csv_of([_cell(getattr(row, name)) for name in COLUMNS] for row in rows)
        if len(rows) < _BATCH:
            return
        last = rows[-1].seq


def csv_of(rows: Iterable[Iterable[str]]) -> bytes:
    """CSV (RFC 4180) in which no spreadsheet finds a formula: what looks like one gets an apostrophe before it."""
    text = io.StringIO()
    csv.writer(text).writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    return text.getvalue().encode()


def _conditions(reader: Reader, filters: AuditFilters) -> list[ColumnElement[bool]]:
    row = AuditEntryRow
    wanted = [row.chain_id == (reader.tenant_id(filters.tenant_id) or PLATFORM_CHAIN)]
    if reader.mode is Mode.SANDBOX:
        wanted.append(row.mode == Mode.SANDBOX)
    if filters.event is not None:
        wanted.append(row.event.in_(_events(filters.event)))
    if filters.since is not None:
        wanted.append(row.at >= filters.since)
    if filters.until is not None:
        wanted.append(row.at < filters.until)
    exact = (row.result, row.actor_id, row.user_id, row.object_type, row.object_id)
    asked = ((column, getattr(filters, column.key)) for column in exact)
    return wanted + [column == value for column, value in asked if value is not None]


def _events(pattern: str) -> list[str]:
    family = pattern.removesuffix(".*")
    return [pattern] if family == pattern else [event.value for event in AuditEvent if event.family == family]


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bytes():
            return value.hex()
        case dict():
            return orjson.dumps(value).decode() if value else ""
        case datetime():
            return instant(value)
        case _:
            return str(value)
