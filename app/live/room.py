"""Who looks at a ticket, and who is writing something about it: known for a few seconds, unless it is said again."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.tickets.access import CUSTOMER, STAFF

VIEWING_SECONDS = 10.0
TYPING_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Sign:
    """What somebody gives of themselves."""

    user_id: UUID
    name: str
    side: str
    is_viewing: bool = True
    is_typing: bool | None = None
    """None if it is not about that."""
    is_note: bool = False
    """Whether they write a note among the staff, of which no customer hears."""


@dataclass(slots=True)
class _Person:
    sign: Sign
    viewing_until: float
    typing_until: float = 0.0
    is_note: bool = False


class Room:
    """Those who are seen at one ticket. Times are in seconds, of whichever clock the callers go by."""

    def __init__(self) -> None:
        self._people: dict[UUID, _Person] = {}

    def see(self, sign: Sign, now: float) -> None:
        """Take a sign of somebody."""
        if not sign.is_viewing:
            self._people.pop(sign.user_id, None)
            return
        person = self._people.setdefault(sign.user_id, _Person(sign, 0.0))
        person.sign = sign
        person.viewing_until = now + VIEWING_SECONDS
        if sign.is_typing is not None:
            person.typing_until = now + TYPING_SECONDS if sign.is_typing else 0.0
            person.is_note = sign.is_note

    def as_seen_by(self, side: str, now: float) -> dict[str, Any]:
        """Who is there. Customers see that the staff write to them, and neither who it is nor who else looks."""
        self._people = {each: person for each, person in self._people.items() if person.viewing_until > now}
        people = sorted(self._people.values(), key=lambda person: (person.sign.name, str(person.sign.user_id)))
        typing = [person for person in people if person.typing_until > now]
        if side == CUSTOMER:
            is_answered = any(person.sign.side == STAFF and not person.is_note for person in typing)
            return {"viewing": [], "typing": [_shown(None)] if is_answered else []}
        return {"viewing": [_shown(each.sign) for each in people], "typing": [_shown(each.sign) for each in typing]}


def _shown(sign: Sign | None) -> dict[str, Any]:
    if sign is None:
        return {"user_id": None, "name": None, "side": STAFF}
    return {"user_id": sign.user_id, "name": sign.name, "side": sign.side}
