"""How entries are chained: each one's hash covers its content and the hash before it. Pure.

The hashes are keyed, so that whoever can write to the database but does not have the secret key can neither change an
entry nor make one up. The head, the place where a chain ends, bears a hash of its own: entries that are cut off its end
are missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import orjson

from app.audit.redaction import as_json
from app.core.crypto import Keyring

GENESIS = bytes(32)
"""The hash before the first entry."""

_LINKS = frozenset({"previous_hash", "hash"})


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the number and the hash of its last entry."""

    chain_id: UUID
    seq: int = 0
    hash: bytes = GENESIS

    def followed_by(self, content: Mapping[str, Any], keyring: Keyring) -> Self:
        """The head once an entry with this content is the last."""
        return type(self)(self.chain_id, self.seq + 1, link(keyring, self.hash, content))

    def mac(self, keyring: Keyring) -> bytes:
        """What only the holder of the key can write beside it."""
        return keyring.mac(
            "audit-head", canonical({"chain_id": self.chain_id, "seq": self.seq, "hash": self.hash.hex()})
        )


def link(keyring: Keyring, previous_hash: bytes, content: Mapping[str, Any]) -> bytes:
    """The hash of an entry: keyed, of the hash before it and of all its columns but these two."""
    covered = {name: value for name, value in content.items() if name not in _LINKS}
    return keyring.mac("audit-entry", previous_hash + canonical(covered))


def canonical(content: Mapping[str, Any]) -> bytes:
    """The one way to write a content as JSON: keys sorted, instants in UTC with microseconds.

    What is null is left out, so that a column of a later version leaves the hashes of older entries as they are.
    """
    known = {name: value for name, value in content.items() if value is not None}
    return orjson.dumps(known, default=as_json, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME)
