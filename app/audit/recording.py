"""Noting what happened. It is written and chained when (and only if) the transaction commits."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import EllipsisType
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import AuditContext, Result, Subject
from app.audit.events import AuditEvent
from app.audit.redaction import plain, redacted
from app.core.logs import REQUEST_ID

PLATFORM_CHAIN = UUID(int=0)

ORIGIN: ContextVar[str | None] = ContextVar("origin", default=None)
"""In the place of a method, where no request is served: `COMMAND` or `JOB`."""

_CONTEXT = "audit_context"
_ENTRIES = "audit_entries"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it was noted, with its diff already redacted."""

    event: AuditEvent
    context: AuditContext
    result: Result
    reason: str | None
    about: Subject | None
    diff: dict[str, Any]
    grant_id: UUID | None

    @property
    def chain_id(self) -> UUID:
        """The tenant's chain, or the platform's."""
        return self.context.tenant_id or PLATFORM_CHAIN


class Who(TypedDict, total=False):
    """What an entry may know better than the context that is attached."""

    actor_id: UUID | None
    user_id: UUID | None
    session_id: UUID | None
    actor_email: str | None
    user_email: str | None
    status: int


def attach(session: AsyncSession, context: AuditContext | Callable[[], AuditContext]) -> None:
    """Say what this transaction serves: now, or (by a function) as it is known whenever something is recorded."""
    session.info[_CONTEXT] = context


def context_of(session: AsyncSession) -> AuditContext:
    """What was attached; without that the system itself acts, now, by the job or command that is under way."""
    attached: AuditContext | Callable[[], AuditContext] | None = session.info.get(_CONTEXT)
    if attached is None:
        return AuditContext(request_id=REQUEST_ID.get(), method=ORIGIN.get())
    return attached if isinstance(attached, AuditContext) else attached()


def record(
    session: AsyncSession,
    event: AuditEvent,
    *,
    about: Subject | None = None,
    tenant_id: UUID | EllipsisType | None = ...,
    result: Result = Result.SUCCESS,
    reason: str | None = None,
    diff: Mapping[str, Any] | None = None,
    grant_id: UUID | None = None,
    **who: Unpack[Who],
) -> None:
    """Note an event in the business's chain, or in the platform's (`tenant_id=None`).

    What is left out is the context's. `diff` is what `changed` makes; the values that the event does not show are taken
    out of it here.
    """
    known = context_of(session)
    chain = known.tenant_id if isinstance(tenant_id, EllipsisType) else tenant_id
    entry = Entry(
        event=event,
        context=replace(known, tenant_id=chain, **who),
        result=result,
        reason=plain(reason),
        about=about,
        diff=redacted(diff or {}, event.shown),
        grant_id=grant_id or known.grant_id,
    )
    session.info.setdefault(_ENTRIES, []).append(entry)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ, as `{"from": …, "to": …}`.

    Of something new `before` is empty, of something gone `after`.
    """
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: {"from": before.get(name), "to": after.get(name)} for name in names if before.get(name) != after.get(name)
    }


def take(session: AsyncSession) -> list[Entry]:
    """What has been recorded since this was last asked, in order: whoever asks writes it."""
    entries: list[Entry] = session.info.pop(_ENTRIES, [])
    return entries
