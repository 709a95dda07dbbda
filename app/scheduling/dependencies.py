"""What scheduling takes from a request besides its body: the clock to go by, and the revision to be changed."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Request

from app.auth.dependencies import current_principal, now
from app.core.schemas import EARLIEST, LATEST
from app.errors import ClockInvalid, SandboxClockRefused
from app.scheduling.context import SchedulingContext
from app.tenancy.dependencies import current_tenant
from app.tenancy.mode import Mode


async def scheduling_now(
    request: Request,
    sandbox_now: Annotated[
        str | None,
        Header(
            # No example: a documentation page could send it, and live mode refuses the header.
            description="Sandbox only: the RFC 3339 instant that scheduling rules go by, in place of the real one.",
        ),
    ] = None,
) -> datetime:
    """The instant that scheduling rules go by. Raises SandboxClockRefused and ClockInvalid."""
    if sandbox_now is None:
        return await now(request)
    if (await current_principal(request)).mode is not Mode.SANDBOX:
        raise SandboxClockRefused
    try:
        chosen = datetime.fromisoformat(sandbox_now)
    except ValueError as error:
        raise ClockInvalid from error
    if chosen.tzinfo is None or not EARLIEST <= chosen < LATEST:
        raise ClockInvalid
    return chosen.astimezone(UTC)


SchedulingNow = Annotated[datetime, Depends(scheduling_now)]


async def scheduling_context(request: Request, scheduled_now: SchedulingNow) -> SchedulingContext:
    """The occasion of a change. Raises what `scheduling_now` raises."""
    principal, tenant = await current_principal(request), await current_tenant(request)
    source = "api" if principal.token_id else "staff"
    return SchedulingContext(tenant, principal.mode, source, now=scheduled_now, recorded_at=await now(request))


Context = Annotated[SchedulingContext, Depends(scheduling_context)]


async def expected_revisions(
    if_match: Annotated[
        str | None, Header(description="The `ETag` it was read with. Refused if it has changed since.")
    ] = None,
) -> frozenset[str] | None:
    """The entity tags (RFC 9110) that a write insists on, or None if any will do."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(tag.strip() for tag in if_match.split(","))


ExpectedRevisions = Annotated[frozenset[str] | None, Depends(expected_revisions)]
