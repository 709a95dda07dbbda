"""The address that answers to a ticket's mails go to: whose it is can be read from it, and nobody can make one up."""

import base64
import hmac
from dataclasses import dataclass
from uuid import UUID

from app.core.crypto import Keyring

_PURPOSE = "ticket mailbox"
_PREFIX = "t"
_NUMBER_BYTES = 5
_MAC_BYTES = 9  # with the rest 30 bytes: 48 letters of base32, and no padding
_LETTERS = 48


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The ticket of this number, of this business, live."""

    tenant_id: UUID
    number: int


def local_part_of(keyring: Keyring, mailbox: Mailbox) -> str:
    """What stands before the `@`: letters and digits that mean the same in upper and lower case."""
    named = mailbox.tenant_id.bytes + mailbox.number.to_bytes(_NUMBER_BYTES, "big")
    signed = named + keyring.mac(_PURPOSE, named)[:_MAC_BYTES]
    return _PREFIX + base64.b32encode(signed).decode().lower()


def read(keyring: Keyring, local_part: str) -> Mailbox | None:
    """The mailbox that this stands for; None if we have not made it."""
    prefix, letters = local_part[: len(_PREFIX)].lower(), local_part[len(_PREFIX) :].upper()
    if prefix != _PREFIX or len(letters) != _LETTERS:
        return None
    try:
        signed = base64.b32decode(letters)
    except ValueError:
        return None
    named, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, keyring.mac(_PURPOSE, named)[:_MAC_BYTES]):
        return None
    return Mailbox(UUID(bytes=named[:-_NUMBER_BYTES]), int.from_bytes(named[-_NUMBER_BYTES:], "big"))
