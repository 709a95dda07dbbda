"""A chain of the audit trail of a test's own, with ways to write to it, and to tamper with it."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import text

from app.audit.events import AuditEvent
from app.audit.recording import record
from app.audit.trail import audit_keyring
from app.audit.verification import Anchors, Report, Verifier
from app.core.ids import uuid7
from app.db.session import Database


class Chain:
    """The chain of a business that is none: its entries need nobody."""

    def __init__(self, app: FastAPI) -> None:
        self.id: UUID = uuid7()
        self.database: Database = app.state.database
        self._keyring = audit_keyring(app.state.runtime.settings)

    async def write(self, count: int = 1, **details: Any) -> None:
        """Entries, each in a transaction of its own."""
        for number in range(count):
            async with self.database.transaction() as session:
                known = {"reason": f"number {number}"} | details
                record(session, AuditEvent.SESSION_STARTED, tenant_id=self.id, **known)

    async def entries(self) -> list[dict[str, Any]]:
        """All columns of all entries, in order."""
        async with self.database.transaction() as session:
            found = text("SELECT * FROM public.audit_entries WHERE chain_id = :chain ORDER BY seq")
            return [dict(row) for row in (await session.execute(found, {"chain": self.id})).mappings()]

    async def tamper(self, *statements: str, **values: Any) -> None:
        """Change the database as its superuser can, past the trigger. `:chain` is this chain's id."""
        async with self.database.transaction("public") as session:
            connection = await session.connection()
            await connection.exec_driver_sql("ALTER TABLE audit_entries DISABLE TRIGGER USER")
            for statement in statements:
                words = text(statement)
                known = {"chain": self.id} | values
                await connection.execute(words, {name: known[name] for name in words.compile().params})
            await connection.exec_driver_sql("ALTER TABLE audit_entries ENABLE TRIGGER USER")

    async def head(self) -> tuple[bytes, bytes]:
        """The hash of its end, and what signs that."""
        async with self.database.transaction() as session:
            query = text("SELECT hash, mac FROM public.audit_chains WHERE id = :chain")
            value, mac = (await session.execute(query, {"chain": self.id})).one()
        return value, mac

    async def verify(self, anchors: Anchors | None = None) -> Report:
        return await Verifier(self.database, self._keyring).verify(self.id, anchors or {})

    async def finding(self, anchors: Anchors | None = None) -> tuple[str, int] | None:
        """What verification finds: the fault, and at which entry."""
        found = (await self.verify(anchors)).finding
        return (found.fault.value, found.seq) if found else None

    async def anchor(self) -> Anchors:
        """Where the chain ends now."""
        head = (await Verifier(self.database, self._keyring).end_of(self.id)).head
        return {head.seq: head.hash} if head else {}
