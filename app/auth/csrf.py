"""The token that proves a cookie-authenticated write was made by a page that could read our answers.

It is a MAC of the session's id: bound to the session, the same for as long as that lasts, and nothing to store.
"""

import hmac
from uuid import UUID

from app.core.crypto import Keyring
from app.errors import CsrfTokenInvalid

HEADER = "X-CSRF-Token"


def csrf_token(keyring: Keyring, session_id: UUID) -> str:
    """The session's token, to be sent as `X-CSRF-Token`."""
    return keyring.digest(f"csrf:{session_id.hex}").hex()


def check_csrf_token(keyring: Keyring, session_id: UUID, presented: str | None) -> None:
    """Raise CsrfTokenInvalid unless this is the session's token."""
    if not hmac.compare_digest(csrf_token(keyring, session_id).encode(), (presented or "").encode()):
        raise CsrfTokenInvalid
