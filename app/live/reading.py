"""Reading events together with what decides about who hears of them: a few queries for all of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.events.catalogue import EventType
from app.events.tail import Told
from app.live.messages import Message, Stretch
from app.live.topics import CALENDAR_TYPES
from app.people import customers
from app.scheduling import appointments
from app.tickets.access import Concern, concerns


async def prepare(session: AsyncSession, events: Sequence[Told]) -> list[Message]:
    """The events as messages, each with whom it concerns as things stand now."""
    messages = [Message(event) for event in events]
    await _find_tickets(session, [each for each in messages if each.family == "ticket"])
    await _find_customers(session, [each for each in messages if each.family == "appointment"])
    await _find_stretches(session, [each for each in messages if each.event.type in CALENDAR_TYPES])
    return messages


async def _find_tickets(session: AsyncSession, messages: list[Message]) -> None:
    subjects = {each.event.subject_id for each in messages if each.event.subject_id}
    found = await concerns(session, subjects) if subjects else {}
    for each in messages:
        each.concern = found.get(each.event.subject_id) if each.event.subject_id else None


async def _find_customers(session: AsyncSession, messages: list[Message]) -> None:
    named = {UUID(each.data["customer_id"]) for each in messages if "customer_id" in each.data}
    found = await customers.log_ins(session, named) if named else {}
    for each in messages:
        customer = each.data.get("customer_id")
        each.concern = Concern(found.get(UUID(customer)) if customer else None, frozenset())


async def _find_stretches(session: AsyncSession, messages: list[Message]) -> None:
    former = {UUID(each.data["rescheduled_from_id"]) for each in messages if _has_moved(each)}
    found = await appointments.find_times(session, former) if former else {}
    for each in messages:
        each.stretches = (_stretch_of(each.event.type, each.data),)
        if _has_moved(each) and (before := found.get(UUID(each.data["rescheduled_from_id"]))):
            each.stretches += (Stretch(before.start_at, before.end_at, before.resource_ids),)


def _has_moved(message: Message) -> bool:
    return (
        message.event.type == EventType.APPOINTMENT_RESCHEDULED and message.data.get("rescheduled_from_id") is not None
    )


def _stretch_of(kind: str, data: dict[str, Any]) -> Stretch:
    if kind in {EventType.RESOURCE_BLOCKED, EventType.RESOURCE_UNBLOCKED}:
        return Stretch(data.get("start"), data.get("end"), [data.get("resource_id")])
    if kind.startswith("resource."):
        return Stretch(resource_ids=[data.get("id")])
    if kind.startswith("service."):
        return Stretch()
    return Stretch(data.get("start"), data.get("end"), data.get("resource_ids"))
