"""Signatures as Standard Webhooks defines them (https://www.standardwebhooks.com), symmetric version `v1`."""

import base64
import hmac
import secrets as entropy
from collections.abc import Sequence
from functools import lru_cache

SECRET_PREFIX = "whsec_"  # noqa: S105 -- the public prefix that marks a secret, not one # nosec B105
NEW_KEY_BYTES = 32
SHORTEST_KEY_BYTES = 24
LONGEST_KEY_BYTES = 64


def new_secret() -> str:
    """Make an endpoint's signing secret: `whsec_` and the base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(entropy.token_bytes(NEW_KEY_BYTES)).decode()


@lru_cache(maxsize=1024)
def key_of(secret: str) -> bytes:
    """Decode a secret: `whsec_`, then 24 to 64 bytes in base64, padded or not. Else ValueError."""
    encoded = secret.removeprefix(SECRET_PREFIX).rstrip("=")
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"A signing secret starts with {SECRET_PREFIX}.")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError as error:
        raise ValueError(f"A signing secret is {SECRET_PREFIX} followed by base64.") from error
    if not SHORTEST_KEY_BYTES <= len(key) <= LONGEST_KEY_BYTES:
        raise ValueError(f"A signing secret holds {SHORTEST_KEY_BYTES} to {LONGEST_KEY_BYTES} bytes.")
    return key


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Give the `webhook-signature` header: a signature for each secret, so both verify during a rotation.

    `timestamp` is in whole seconds since the epoch; `body` is exactly what is sent. ValueError for no secret
    or a bad one.
    """
    if not secrets:
        raise ValueError("A webhook is never sent unsigned: give at least one secret.")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(_signature(key_of(secret), signed) for secret in secrets)


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
