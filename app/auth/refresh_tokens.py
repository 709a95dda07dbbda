"""Refresh tokens: `<session>.<generation>.<mac>`, of which nothing secret is ever stored.

The database keeps the number of the latest generation; the MAC proves that a presented token is one we gave out. So
every earlier token of a session is known for what it is, and the successor of a token can be given out twice.
"""

import hmac
from uuid import UUID

from app.core.crypto import Keyring
from app.errors import SessionInvalid


def refresh_token(keyring: Keyring, session_id: UUID, generation: int) -> str:
    """The session's refresh token of this generation."""
    stem = f"{session_id.hex}.{generation}"
    return f"{stem}.{keyring.digest(f'refresh:{stem}').hex()}"


def read_refresh_token(keyring: Keyring, token: str) -> tuple[UUID, int]:
    """The session and generation of a token of ours. Raises SessionInvalid."""
    stem, _, mac = token.rpartition(".")
    expected = keyring.digest(f"refresh:{stem}").hex()
    if not hmac.compare_digest(mac.encode(), expected.encode()):
        raise SessionInvalid
    session, _, generation = stem.partition(".")
    return UUID(session), int(generation)
