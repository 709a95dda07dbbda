"""Events as the socket tells of them: who hears of one, under which topics, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from app.auth.principals import Principal
from app.auth.roles import Role
from app.events.catalogue import EventType
from app.events.tail import Told
from app.live.envelope import Place, envelope
from app.live.topics import CALENDAR, CALENDAR_TYPES, FAMILIES, OWN_TICKET
from app.tickets.access import OF_THE_STAFF, Concern
from app.webhooks.event_types import READ_BY

CHANGED = "calendar.changed"

_UNTOLD = frozenset({"notes", "cancel_reason", "source", "ics_uid", "ics_sequence"})
"""What customers are not told of their appointments: what the staff have written down for themselves."""


class View(StrEnum):
    """How much of an event somebody is told."""

    FULL = "full"
    OWN = "own"
    """What is the customer's own."""
    CALENDAR = "calendar"
    """That something has changed in a stretch of time, and not what."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time at which the calendar has changed; for ever, if it names none. Nobody's resources are everybody's."""

    start: Any = None
    end: Any = None
    resource_ids: Any = None


@dataclass(slots=True)
class Message:
    """An event with what decides about who hears of it."""

    event: Told
    concern: Concern | None = None
    """Of tickets: whom it concerns. Of appointments: the customer."""
    stretches: tuple[Stretch, ...] = ()
    _content: dict[str, Any] | None = None

    @property
    def seq(self) -> int:
        return self.event.sequence

    @property
    def family(self) -> str:
        return self.event.type.partition(".")[0]

    @property
    def data(self) -> dict[str, Any]:
        """What webhooks are sent as `data`."""
        if self._content is None:
            self._content = orjson.loads(self.event.message)["data"]
        return self._content or {}

    def views(self, listener: Principal, topics: Mapping[str, object]) -> list[View]:
        """As what somebody with these topics hears of it; nothing, if it is none of their business."""
        if listener.role is Role.CUSTOMER:
            return [View.OWN] if self._is_meant(topics) and self._is_own(listener) else []
        views = [View.FULL] if self._is_meant(topics) and self._may_hear(listener) else []
        if CALENDAR in topics and self.event.type in CALENDAR_TYPES and READ_BY["appointment"] in listener.permissions:
            views.append(View.CALENDAR)
        return views

    def text(self, place: Place, view: View, resume_after: int) -> str:
        """The message as it is sent to whoever has this view of it."""
        event = self.event
        said: dict[str, Any] = {"seq": event.sequence, "resume_after": resume_after}
        if view is View.CALENDAR:
            said |= {"resource": CALENDAR, "data": {"cause": event.type, "stretches": self.stretches}}
            return envelope(place, CHANGED, said)
        said |= {"resource": self.family, "id": event.subject_id, "version": self.data.get("revision")}
        if view is View.FULL:
            said |= {"actor": event.actor_id, "op_id": event.op_id, "data": self.data}
        else:
            said["data"] = self._own_data()
            if self.concern is not None and event.actor_id == self.concern.customer:
                said |= {"actor": event.actor_id, "op_id": event.op_id}
        return envelope(place, event.type, said)

    def _is_meant(self, topics: Mapping[str, object]) -> bool:
        topic = FAMILIES.get(self.family)
        return topic in topics or (self.family == "ticket" and f"{OWN_TICKET}{self.event.subject_id}" in topics)

    def _is_own(self, customer: Principal) -> bool:
        if self.concern is None:
            return False
        if self.family == "ticket":  # by when they were to be answered is for the staff to know
            return self.event.type != EventType.TICKET_OVERDUE and self.concern.includes(customer)
        return self.family == "appointment" and self.concern.customer == customer.user_id

    def _may_hear(self, listener: Principal) -> bool:
        if self.family == "ticket":
            return self.concern is not None and self.concern.includes(listener)
        return READ_BY[self.family] in listener.permissions

    def _own_data(self) -> dict[str, Any]:
        """As much of it as a customer may read."""
        if self.family == "ticket":
            return self.data | {name: value for name, value in OF_THE_STAFF.items() if name in self.data}
        return {name: value for name, value in self.data.items() if name not in _UNTOLD}
