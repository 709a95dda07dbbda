"""401: who is calling is not known."""

from collections.abc import Mapping
from typing import Any

from app.errors.problem import Problem
from app.errors.sentences import Sentence


class Unauthenticated(Problem):
    """Authentication is required.

    Send `Authorization: Bearer …` with an access token or an API token of this business.
    """

    status = 401

    def __init__(self, detail: str | Sentence | None = None, *, params: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"}, params=params)


class CredentialsInvalid(Unauthenticated):
    """The e-mail address or the password is wrong.

    Check both, and that this is the host of the business the account belongs to.
    """

    keeps_changes = True


class TokenInvalid(Unauthenticated):
    """The token is not valid here.

    It is malformed, unknown, expired or revoked, or it belongs to another host.
    """


class SessionInvalid(Unauthenticated):
    """The session has ended.

    It expired, was revoked, or its refresh token was used twice. Log in again.
    """


class RefreshTokenReused(SessionInvalid):
    """A refresh token was used a second time.

    Somebody else may hold a copy, so the whole session was ended. Log in again.
    """

    keeps_changes = True


class SecondFactorRequired(Unauthenticated):
    """The password is right, and a second factor is wanted.

    Send `params.challenge` and a code of the authenticator app (or a recovery code) to
    `POST /api/v1/auth/second-factor` within five minutes, or answer with a passkey.
    """

    keeps_changes = True


class SecondFactorInvalid(Unauthenticated):
    """The code is wrong, or it has been used.

    Wait for the app's next code; each counts once. A recovery code counts once for ever.
    """

    keeps_changes = True


class PasskeyInvalid(Unauthenticated):
    """The passkey is not known here.

    Use a passkey that was added to this account on this host, or log in with the password.
    """

    keeps_changes = True
