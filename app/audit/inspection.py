"""How a chain stands: when it was last verified by somebody, how far, and with what result.

A verification is an entry of the platform's chain itself, so that nobody can say that they had one made.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import reading
from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.reading import Reader
from app.audit.recording import PLATFORM_CHAIN, changed, record
from app.audit.schemas import AuditQuery
from app.audit.verification import Report, Verifier
from app.tenancy.mode import Mode

_ABOUT = "chain"


@dataclass(frozen=True, slots=True)
class Verification:
    """What somebody found: so many entries fit, and what is wrong with the next one, if anything."""

    at: datetime
    entries: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class ChainState:
    """How many entries a chain has, and its latest verification; None if it has had none."""

    entries: int
    verification: Verification | None


async def find_state(session: AsyncSession, verifier: Verifier, tenant_id: UUID | None) -> ChainState:
    """How a business's chain stands, or (without one) the platform's."""
    chain_id = tenant_id or PLATFORM_CHAIN
    query = AuditQuery(event=AuditEvent.AUDIT_VERIFIED, object_type=_ABOUT, object_id=str(chain_id), limit=1)
    found = (await reading.find(session, Reader(None, Mode.LIVE), query)).items
    latest = Verification(found[0].at, _to(found[0].diff, "entries"), _to(found[0].diff, "fault")) if found else None
    return ChainState((await verifier.end_of(chain_id)).last_seq, latest)


async def verify(session: AsyncSession, verifier: Verifier, tenant_id: UUID | None) -> Report:
    """Walk the chain now, and keep what came of it."""
    chain_id = tenant_id or PLATFORM_CHAIN
    report = await verifier.verify(chain_id, {})
    record(
        session,
        AuditEvent.AUDIT_VERIFIED,
        about=Subject(_ABOUT, chain_id),
        tenant_id=None,
        result=Result.FAILED if report.finding else Result.SUCCESS,
        reason=report.finding.detail if report.finding else None,
        diff=changed({}, {"entries": report.entries, "fault": report.finding.fault if report.finding else None}),
    )
    return report


def _to(diff: dict[str, Any], name: str) -> Any:
    return diff.get(name, {}).get("to")
