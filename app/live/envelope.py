"""The form of every message of the socket: one envelope, the same names each time, null where there is nothing."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant

VERSION = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where the messages of a socket come from: a business in a mode, or (without one) the platform."""

    tenant: Tenant | None
    mode: Mode

    def message(self, kind: str, **said: Any) -> str:
        """A message that is about no change of the business's: it has no `seq`."""
        return envelope(self, kind, said)


def envelope(place: Place, kind: str, said: dict[str, Any]) -> str:
    """A message as it is sent."""
    content: dict[str, Any] = {
        "v": VERSION,
        "seq": said.get("seq"),
        "type": kind,
        "tenant": place.tenant.slug if place.tenant else None,
        "mode": place.mode,
        "resource": said.get("resource"),
        "id": said.get("id"),
        "version": said.get("version"),
        "actor": said.get("actor"),
        "op_id": said.get("op_id"),
        "data": said.get("data"),
        "resume_after": said.get("resume_after"),
    }
    return orjson.dumps(content, default=_plain, option=orjson.OPT_UTC_Z).decode()


def problem_text(document: dict[str, Any], **about: Any) -> str:
    """What goes wrong, as both kinds of listeners are told: no envelope, since it may come before anybody is known."""
    return orjson.dumps({"v": VERSION, "type": "problem", "problem": document} | about, default=str).decode()


def _plain(value: object) -> str:
    """The driver's own kind of UUID, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError
