"""What is told about appointments."""

from app.events.catalogue import EventType
from app.events.outbox import Event
from app.models.tenant import AppointmentRow
from app.scheduling.context import SchedulingContext
from app.scheduling.schemas.appointments import AppointmentData


def event_of(kind: EventType, appointment: AppointmentRow, context: SchedulingContext) -> Event:
    """The event, with the appointment as the API shows it."""
    data = AppointmentData.of(appointment, now=context.now).model_dump()
    return Event(kind, context.recorded_at, appointment.id, data)
