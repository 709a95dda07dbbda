"""The address that answers to a ticket's mails go to: whose it is can be read from it, and nobody can make one up."""

import base64
import hmac
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.core.crypto import Keyring

_PURPOSE = "ticket mailbox"
_NUMBER_BYTES = 5
_MAC_BYTES = 9  # with the rest 30 bytes: 48 letters of base32, and no padding
_LETTERS = 48


class Side(StrEnum):
    """Whom an address is given to, and with that what becomes of an answer. It is the address's first letter."""

    CUSTOMER = "t"
    """A reply, of whoever has the address."""
    STAFF = "s"
    """A reply, of somebody whom the ticket knows."""
    NOTES = "n"
    """A note: it answers one, and goes where that went."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The ticket of this number, of this business, live, as one of its sides writes to it."""

    tenant_id: UUID
    number: int
    side: Side = Side.CUSTOMER


def local_part_of(keyring: Keyring, mailbox: Mailbox) -> str:
    """What stands before the `@`: letters and digits that mean the same in upper and lower case."""
    named = mailbox.tenant_id.bytes + mailbox.number.to_bytes(_NUMBER_BYTES, "big")
    return mailbox.side + base64.b32encode(named + _mac(keyring, mailbox.side, named)).decode().lower()


def read(keyring: Keyring, local_part: str) -> Mailbox | None:
    """The mailbox that this stands for; None if we have not made it."""
    first, letters = local_part[:1].lower(), local_part[1:].upper()
    if first not in set(Side) or len(letters) != _LETTERS:
        return None
    side = Side(first)
    try:
        signed = base64.b32decode(letters)
    except ValueError:
        return None
    named, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(keyring, side, named)):
        return None
    return Mailbox(UUID(bytes=named[:-_NUMBER_BYTES]), int.from_bytes(named[-_NUMBER_BYTES:], "big"), side)


def _mac(keyring: Keyring, side: Side, named: bytes) -> bytes:
    return keyring.mac(f"{_PURPOSE}, {side.name.lower()}", named)[:_MAC_BYTES]
