"""What scheduling takes from a request besides its body: the clock to go by, and what to show with the answer."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Query, Request

from app.auth.dependencies import Permitted, current_principal
from app.core.schemas import EARLIEST, LATEST
from app.errors import ClockInvalid, SandboxClockRefused
from app.scheduling.context import SchedulingContext
from app.scheduling.expansion import NEEDED
from app.scheduling.schemas.appointments import Expansion, Expansions
from app.subscriptions.dependencies import current_tiers
from app.subscriptions.limits import booking_quota
from app.tenancy.dependencies import current_tenant, now
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
    recorded_at = await now(request)
    quota = None
    if principal.mode is Mode.LIVE:
        quota = booking_quota(tenant, await (await current_tiers(request)).all(), now=recorded_at)
    return SchedulingContext(tenant, principal.mode, source, now=scheduled_now, recorded_at=recorded_at, quota=quota)


Context = Annotated[SchedulingContext, Depends(scheduling_context)]


async def expansions(request: Request, expand: Annotated[Expansions, Query()] = ()) -> tuple[Expansion, ...]:
    """What to show with an appointment. Raises PermissionDenied for what the caller may not read by itself."""
    for each in expand:
        await Permitted(NEEDED[each]).require(request, await current_principal(request))
    return expand


Expand = Annotated[tuple[Expansion, ...], Depends(expansions)]
