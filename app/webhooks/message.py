"""A delivery as it is sent: the body, who signs it, and the headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson
from multidict import CIMultiDict

from app.core.crypto import Keyring
from app.events.outbox import message_of
from app.webhooks.deliveries import Delivery
from app.webhooks.signature import sign
from app.webhooks.transport import OWN_HEADERS

HIDDEN = "***"
_OWN_SHOWN = {name.lower(): value for name, value in OWN_HEADERS.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. `shown` are its headers as they may be read later: without the values of the endpoint's own."""

    headers: Mapping[str, str]
    shown: dict[str, str]
    body: bytes


def compose(keyring: Keyring, delivery: Delivery, *, now: datetime) -> Message:
    """Sign the delivery with each secret that counts now. The endpoint's own headers yield to ours.

    Raises UnsealError for a secret, or headers, that cannot be read.
    """
    message_id, timestamp = str(delivery.event_id), int(now.timestamp())
    body = message_of(delivery.payload, delivery.sequence).encode()
    ours = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(_secrets(keyring, delivery, now=now), message_id, timestamp, body),
    }
    shown = _OWN_SHOWN | ours
    if not delivery.headers_sealed:
        return Message(ours, shown, body)
    theirs: dict[str, str] = orjson.loads(_unsealed(keyring, delivery.headers_sealed))
    headers = CIMultiDict(theirs)
    headers.update(OWN_HEADERS | ours)
    return Message(headers, {name.lower(): HIDDEN for name in theirs} | shown, body)


@lru_cache(maxsize=1024)  # a busy endpoint's secret is needed thousands of times a minute
def _unsealed(keyring: Keyring, sealed: str) -> str:
    return keyring.unseal(sealed)


def _secrets(keyring: Keyring, delivery: Delivery, *, now: datetime) -> list[str]:
    sealed = [delivery.secret_sealed]
    expires_at = delivery.previous_secret_expires_at
    if delivery.previous_secret_sealed and expires_at and expires_at > now:
        sealed.append(delivery.previous_secret_sealed)
    return [_unsealed(keyring, each) for each in sealed]
