"""What brings about the events of the waitlist and of classes."""

from typing import Any

from app.events.catalogue import EventType
from tests.events.stage import TIME, Cause, Stage, sweep


async def _wait(stage: Stage, *, free: bool = False) -> tuple[str, str]:
    """The ids of a waitlist entry and of the only appointment there is room for."""
    resource = await stage.salon.resource(opens="10:00", closes="11:00")
    service = await stage.salon.service([resource])
    during = {"start": "2027-02-01T00:00:00Z", "end": "2027-02-01T23:00:00Z"}
    whose = {"service_id": service, "customer_id": stage.salon.customer}
    appointment = "" if free else (await stage.salon.booked(service, "09:00"))["id"]
    return str((await stage.do("POST", "/waitlist", whose | during))["id"]), appointment


async def _join(stage: Stage) -> str:
    return (await _wait(stage))[0]


async def _join_and_be_offered(stage: Stage) -> str:
    return (await _wait(stage, free=True))[0]


def _offered_by(action: str) -> Cause:
    async def cause(stage: Stage) -> str:
        entry, appointment = await _wait(stage)
        body = {"start": "2027-02-02T09:00:00Z"} if action == "reschedule" else None
        await stage.do("POST", f"/appointments/{appointment}/{action}", body)
        return entry

    return cause


async def _be_offered_after_a_refusal(stage: Stage) -> str:
    resource = await stage.salon.resource(opens="10:00", closes="11:00")
    service = await stage.salon.service([resource], requires_approval=True)
    appointment = await stage.salon.booked(service, "09:00")
    during = {"start": "2027-02-01T00:00:00Z", "end": "2027-02-01T23:00:00Z"}
    whose = {"service_id": service, "customer_id": stage.salon.customer}
    entry = (await stage.do("POST", "/waitlist", whose | during))["id"]
    await stage.salon.act(appointment, "decline")
    return str(entry)


async def _be_offered_what_another_leaves(stage: Stage) -> str:
    entry, appointment = await _wait(stage)
    waiting = await stage.do("GET", f"/waitlist/{entry}")
    whose = {name: waiting[name] for name in ("service_id", "customer_id", "start", "end")}
    second = (await stage.do("POST", "/waitlist", whose))["id"]
    await stage.do("POST", f"/appointments/{appointment}/cancel")
    await stage.do("POST", f"/waitlist/{entry}/leave")
    return str(second)


async def _accept_offer(stage: Stage) -> str:
    entry, _ = await _wait(stage, free=True)
    await stage.do("POST", f"/waitlist/{entry}/accept")
    return entry


async def _confirm_offer(stage: Stage) -> str:
    entry, _ = await _wait(stage, free=True)
    hold = (await stage.do("GET", f"/waitlist/{entry}"))["appointment_id"]
    await stage.do("POST", f"/appointments/{hold}/confirm")
    return entry


async def _confirmed_by_accepting(stage: Stage) -> str:
    entry, _ = await _wait(stage, free=True)
    await stage.do("POST", f"/waitlist/{entry}/accept")
    return str((await stage.do("GET", f"/waitlist/{entry}"))["appointment_id"])


async def _held_by_joining(stage: Stage) -> str:
    entry, _ = await _wait(stage, free=True)
    return str((await stage.do("GET", f"/waitlist/{entry}"))["appointment_id"])


async def _given_up_by_leaving(stage: Stage) -> str:
    hold = await _held_by_joining(stage)
    (entry,) = (await stage.do("GET", f"/waitlist?appointment_id={hold}"))["items"]
    await stage.do("POST", f"/waitlist/{entry['id']}/leave")
    return hold


async def _leave(stage: Stage) -> str:
    entry, _ = await _wait(stage)
    await stage.do("POST", f"/waitlist/{entry}/leave")
    return entry


async def _wait_in_vain(stage: Stage) -> str:
    entry, _ = await _wait(stage)
    await sweep(stage)
    return entry


async def _fill_class(stage: Stage) -> dict[str, Any]:
    service = await stage.salon.service([await stage.salon.resource()], capacity=2)
    await stage.salon.booked(service, "10:00")
    return await stage.salon.booked(service, "10:00")


async def _fill(stage: Stage) -> str:
    return str((await _fill_class(stage))["class_session_id"])


def _spot_opened_by(action: str, body: Any = None) -> Cause:
    async def cause(stage: Stage) -> str:
        made = await _fill_class(stage)
        answer = await stage.salon.act(made, action, body)
        assert answer.is_success, answer.text
        return str(made["class_session_id"])

    return cause


T = EventType
WAITING: dict[tuple[str, EventType], Cause] = {
    ("joinWaitlist", T.WAITLIST_JOINED): _join,
    ("joinWaitlist", T.WAITLIST_OFFERED): _join_and_be_offered,
    ("joinWaitlist", T.APPOINTMENT_HELD): _held_by_joining,
    ("cancelAppointment", T.WAITLIST_OFFERED): _offered_by("cancel"),
    ("rescheduleAppointment", T.WAITLIST_OFFERED): _offered_by("reschedule"),
    ("declineAppointment", T.WAITLIST_OFFERED): _be_offered_after_a_refusal,
    ("leaveWaitlist", T.WAITLIST_OFFERED): _be_offered_what_another_leaves,
    ("acceptWaitlistOffer", T.WAITLIST_ACCEPTED): _accept_offer,
    ("acceptWaitlistOffer", T.APPOINTMENT_CONFIRMED): _confirmed_by_accepting,
    ("confirmAppointment", T.WAITLIST_ACCEPTED): _confirm_offer,
    (TIME, T.WAITLIST_EXPIRED): _wait_in_vain,
    ("leaveWaitlist", T.WAITLIST_LEFT): _leave,
    ("leaveWaitlist", T.APPOINTMENT_HOLD_EXPIRED): _given_up_by_leaving,
    ("bookAppointment", T.SESSION_FULL): _fill,
    ("cancelAppointment", T.SESSION_SPOT_OPENED): _spot_opened_by("cancel"),
    ("rescheduleAppointment", T.SESSION_SPOT_OPENED): _spot_opened_by("reschedule", {"start": "2027-02-01T13:00:00Z"}),
}
