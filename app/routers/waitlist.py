"""The waitlist: customers who wait for a place."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanBookAppointments, CanReadAppointments, TenantSession
from app.errors import (
    Archived,
    ClockInvalid,
    CursorInvalid,
    CustomerNotFound,
    InvalidTransition,
    ResourceNotFound,
    SandboxClockRefused,
    ServiceNotFound,
    WaitlistEntryNotFound,
)
from app.models.tenant import WaitlistEntryRow
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling.context import SchedulingContext
from app.scheduling.dependencies import Context
from app.scheduling.schemas.waitlist import WaitlistEntryCreate, WaitlistEntryRead, WaitlistFilters
from app.scheduling.waitlist import answers, entries

router = ApiRouter(
    prefix="/waitlist", tags=["Waitlist"], responses=problems(*PERMITTED, SandboxClockRefused, ClockInvalid)
)


def _answer(row: WaitlistEntryRow, context: SchedulingContext) -> WaitlistEntryRead:
    return WaitlistEntryRead.of(row, now=context.now)


@router.post(
    "",
    status_code=201,
    summary="Join the waitlist",
    responses=problems(ServiceNotFound, CustomerNotFound, ResourceNotFound, Archived),
)
async def join_waitlist(
    body: WaitlistEntryCreate, _actor: CanBookAppointments, context: Context, session: TenantSession
) -> WaitlistEntryRead:
    """Put a customer in the line for a place in a service.

    When one becomes free it is held for who is first, for the service's `offer_ttl_minutes`, and then for the next. If
    there is a place already, it is offered at once.
    """
    return _answer(await answers.join(session, context, body), context)


@router.get("", summary="List the waitlist", responses=problems(CursorInvalid))
async def list_waitlist(
    _actor: CanReadAppointments,
    context: Context,
    session: TenantSession,
    filters: Annotated[WaitlistFilters, Query()],
) -> PageRead[WaitlistEntryRead]:
    """Who waits or has waited, the first in line first."""
    return PageRead[WaitlistEntryRead].model_validate(await entries.find(session, context, filters))


@router.get("/{entry_id}", summary="Get a waitlist entry", responses=problems(WaitlistEntryNotFound))
async def get_waitlist_entry(
    entry_id: UUID, _actor: CanReadAppointments, context: Context, session: TenantSession
) -> WaitlistEntryRead:
    """One entry, and what was offered."""
    return _answer(await entries.require(session, entry_id), context)


@router.post(
    "/{entry_id}/accept",
    summary="Accept a place from the waitlist",
    responses=problems(WaitlistEntryNotFound, InvalidTransition),
)
async def accept_waitlist_offer(
    entry_id: UUID, _actor: CanBookAppointments, context: Context, session: TenantSession
) -> WaitlistEntryRead:
    """Turn what is offered into a booking, or into a request where the service wants approval."""
    return _answer(await answers.accept(session, context, entry_id), context)


@router.post(
    "/{entry_id}/leave",
    summary="Leave the waitlist",
    responses=problems(WaitlistEntryNotFound, InvalidTransition),
)
async def leave_waitlist(
    entry_id: UUID, _actor: CanBookAppointments, context: Context, session: TenantSession
) -> WaitlistEntryRead:
    """Wait no more. What is on offer goes to who is next."""
    return _answer(await answers.leave(session, context, entry_id), context)
