"""Appointments."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.auth.dependencies import CanBookAppointments, CanReadAppointments, TenantSession, TenantSnapshot
from app.errors import (
    AppointmentNotFound,
    Archived,
    ClockInvalid,
    CursorInvalid,
    CustomerNotFound,
    InvalidTransition,
    ResourceNotFound,
    RevisionStale,
    SandboxClockRefused,
    ServiceNotFound,
    SlotTaken,
    SlotUnavailable,
    TierLimit,
)
from app.models.tenant import AppointmentRow
from app.routers.conditions import ExpectedRevisions
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import appointments, booking, expansion, listing, rescheduling, transitions
from app.scheduling.context import SchedulingContext
from app.scheduling.dependencies import Context, Expand, SchedulingNow
from app.scheduling.lifecycle import Status
from app.scheduling.schemas.appointments import (
    AppointmentCancel,
    AppointmentCreate,
    AppointmentFilters,
    AppointmentRead,
    AppointmentReschedule,
    AppointmentUpdate,
)

router = ApiRouter(
    prefix="/appointments",
    tags=["Appointments"],
    responses=problems(*PERMITTED, SandboxClockRefused, ClockInvalid),
)

_CHANGES = problems(AppointmentNotFound, RevisionStale, InvalidTransition)


def _answer(row: AppointmentRow, context: SchedulingContext, response: Response) -> AppointmentRead:
    response.headers["ETag"] = appointments.etag_of(row)
    return AppointmentRead.of(row, now=context.now)


def _answer_new(
    row: AppointmentRow, context: SchedulingContext, request: Request, response: Response
) -> AppointmentRead:
    response.headers["Location"] = request.app.url_path_for(get_appointment.__name__, appointment_id=row.id)
    return _answer(row, context, response)


@router.post(
    "",
    status_code=201,
    summary="Book an appointment",
    responses=problems(
        ServiceNotFound, CustomerNotFound, ResourceNotFound, Archived, TierLimit, SlotTaken, SlotUnavailable
    ),
)
async def book_appointment(
    body: AppointmentCreate,
    _actor: CanBookAppointments,
    context: Context,
    expand: Expand,
    session: TenantSession,
    request: Request,
    response: Response,
) -> AppointmentRead:
    """Book a customer into a free slot, or hold the slot for them. Nobody else can have it from then on."""
    answer = _answer_new(await booking.book(session, context, body), context, request, response)
    return await expansion.expand(session, answer, expand)


@router.get(
    "",
    summary="List appointments",
    response_model=PageRead[AppointmentRead],
    responses=problems(CursorInvalid),
)
async def list_appointments(
    _actor: CanReadAppointments,
    snapshot: TenantSnapshot,
    filters: Annotated[AppointmentFilters, Query()],
    expand: Expand,
    now: SchedulingNow,
) -> Response:
    """Appointments in order of their start."""
    return Response(await listing.find(snapshot, filters, expand, now=now), media_type="application/json")


@router.get("/{appointment_id}", summary="Get an appointment", responses=problems(AppointmentNotFound))
async def get_appointment(
    appointment_id: UUID,
    _actor: CanReadAppointments,
    context: Context,
    expand: Expand,
    session: TenantSession,
    response: Response,
) -> AppointmentRead:
    """One appointment. Its `ETag` can be sent back in `If-Match` with a change."""
    answer = _answer(await appointments.require(session, appointment_id), context, response)
    return await expansion.expand(session, answer, expand)


@router.patch(
    "/{appointment_id}", summary="Change an appointment", responses=problems(AppointmentNotFound, RevisionStale)
)
async def update_appointment(
    appointment_id: UUID,
    body: AppointmentUpdate,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
) -> AppointmentRead:
    """Change the notes. Status and time have operations of their own."""
    row = await appointments.update(session, context, appointment_id, body, revisions)
    return _answer(row, context, response)


@router.post(
    "/{appointment_id}/confirm",
    summary="Confirm an appointment",
    responses=problems(AppointmentNotFound, RevisionStale, InvalidTransition, TierLimit, SlotTaken, SlotUnavailable),
)
async def confirm_appointment(
    appointment_id: UUID,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
) -> AppointmentRead:
    """Turn a hold into a booking, or into a request where the service wants approval; approve a request.

    Before it expires that always succeeds, after it only if the slot is still free.
    """
    return _answer(await transitions.confirm(session, context, appointment_id, revisions), context, response)


@router.post("/{appointment_id}/decline", summary="Decline a pending appointment", responses=_CHANGES)
async def decline_appointment(
    appointment_id: UUID,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
) -> AppointmentRead:
    """Refuse a request. Its slot is free again at once."""
    return _answer(await transitions.decline(session, context, appointment_id, revisions), context, response)


@router.post("/{appointment_id}/check-in", summary="Check a customer in", responses=_CHANGES)
async def check_in_appointment(
    appointment_id: UUID,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
) -> AppointmentRead:
    """The customer of a confirmed appointment has come."""
    row = await transitions.proceed(session, context, appointment_id, Status.CHECKED_IN, revisions)
    return _answer(row, context, response)


@router.post("/{appointment_id}/complete", summary="Complete an appointment", responses=_CHANGES)
async def complete_appointment(
    appointment_id: UUID,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
) -> AppointmentRead:
    """The customer who checked in has been served."""
    row = await transitions.proceed(session, context, appointment_id, Status.COMPLETED, revisions)
    return _answer(row, context, response)


@router.post("/{appointment_id}/no-show", summary="Mark a no-show", responses=_CHANGES)
async def mark_no_show(
    appointment_id: UUID,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
) -> AppointmentRead:
    """The customer of a confirmed appointment has not come."""
    row = await transitions.proceed(session, context, appointment_id, Status.NO_SHOW, revisions)
    return _answer(row, context, response)


@router.post("/{appointment_id}/cancel", summary="Cancel an appointment", responses=_CHANGES)
async def cancel_appointment(
    appointment_id: UUID,
    _actor: CanBookAppointments,
    context: Context,
    session: TenantSession,
    revisions: ExpectedRevisions,
    response: Response,
    body: AppointmentCancel | None = None,
) -> AppointmentRead:
    """Cancel a confirmed appointment. Its slot is free again at once."""
    reason = body.reason if body else None
    row = await transitions.cancel(session, context, appointment_id, reason, revisions)
    return _answer(row, context, response)


@router.post(
    "/{appointment_id}/reschedule",
    status_code=201,
    summary="Reschedule an appointment",
    responses=problems(
        AppointmentNotFound,
        RevisionStale,
        InvalidTransition,
        ResourceNotFound,
        Archived,
        SlotTaken,
        SlotUnavailable,
    ),
)
async def reschedule_appointment(
    appointment_id: UUID,
    body: AppointmentReschedule,
    _actor: CanBookAppointments,
    context: Context,
    expand: Expand,
    session: TenantSession,
    revisions: ExpectedRevisions,
    request: Request,
    response: Response,
) -> AppointmentRead:
    """Move a confirmed appointment to another start: a new appointment takes its place, or nothing changes.

    The answer is the new one, linked by `rescheduled_from_id`; the old one is cancelled by the system.
    """
    row = await rescheduling.reschedule(session, context, appointment_id, body, revisions)
    return await expansion.expand(session, _answer_new(row, context, request, response), expand)
