"""Access tokens: short-lived, for one host, and only a pointer to a session that is looked up at each use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from jose import JWTError, jwt

from app.core.ids import uuid7
from app.errors import TokenInvalid

ACCESS_TTL = timedelta(minutes=15)
SKEW = timedelta(minutes=1)
"""By how much the clocks of two of our machines may differ."""
_ALGORITHM = "HS256"
_ISSUER = "smoothschedule"
_TYPE = "access"
_OPTIONS = {f"require_{claim}": True for claim in ("iss", "aud", "sub", "exp", "iat", "jti")} | {
    "verify_exp": False,
    "verify_nbf": False,
}


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says: which user and session, and at which host it counts.

    The role is a hint, and so is who really acts: both are looked up with the session.
    """

    user_id: UUID
    session_id: UUID
    audience: str
    role: str
    actor_id: UUID | None = None
    """The subject of `act` (RFC 8693): who acts in the user's place."""


def issue(claims: AccessClaims, key: str, *, now: datetime, until: datetime | None = None) -> str:
    """Sign an access token that is valid for 15 minutes from `now`, or until that instant."""
    content: dict[str, Any] = {
        "iss": _ISSUER,
        "aud": claims.audience,
        "sub": str(claims.user_id),
        "sid": str(claims.session_id),
        "role": claims.role,
        "typ": _TYPE,
        "jti": str(uuid7()),
        "iat": int(now.timestamp()),
        "exp": ceil((until or now + ACCESS_TTL).timestamp()),
    }
    if claims.actor_id is not None:
        content["act"] = {"sub": str(claims.actor_id)}
    return jwt.encode(content, key, algorithm=_ALGORITHM)


def read(token: str, key: str, *, audience: str, now: datetime) -> AccessClaims:
    """The claims of a token of ours for this audience. Raises TokenInvalid for anything else.

    Deeply nested JSON too, which is read before the signature is.
    """
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=audience, issuer=_ISSUER, options=_OPTIONS)
        if claims["typ"] != _TYPE or not _is_current(claims, now):
            raise TokenInvalid
        actor_id = UUID(claims["act"]["sub"]) if "act" in claims else None
        return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), claims["aud"], str(claims["role"]), actor_id)
    except (JWTError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TokenInvalid from error


def _is_current(claims: dict[str, Any], now: datetime) -> bool:
    """Whether a token counts at this instant: by the request's clock, where the library would ask its own."""
    soon = (now + SKEW).timestamp()
    return bool(claims["exp"] > now.timestamp() and claims["iat"] <= soon and claims.get("nbf", 0) <= soon)
