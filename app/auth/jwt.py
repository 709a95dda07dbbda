"""Access tokens: short-lived, for one host, and only a pointer to a session that is looked up at each use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jose import JWTError, jwt

from app.core.ids import uuid7
from app.errors import TokenInvalid

ACCESS_TTL = timedelta(minutes=15)
_ALGORITHM = "HS256"
_ISSUER = "smoothschedule"
_TYPE = "access"


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says: which user and session, and at which host it counts. The role is a hint."""

    user_id: UUID
    session_id: UUID
    audience: str
    role: str


def issue(claims: AccessClaims, key: str, *, now: datetime) -> str:
    """Sign an access token that is valid for 15 minutes from `now`."""
    return jwt.encode(
        {
            "iss": _ISSUER,
            "aud": claims.audience,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "role": claims.role,
            "typ": _TYPE,
            "jti": str(uuid7()),
            "iat": int(now.timestamp()),
            "exp": int((now + ACCESS_TTL).timestamp()),
        },
        key,
        algorithm=_ALGORITHM,
    )


def read(token: str, key: str, *, audience: str) -> AccessClaims:
    """The claims of a token of ours for this audience. Raises TokenInvalid for anything else.

    Deeply nested JSON too, which is read before the signature is.
    """
    required = {f"require_{claim}": True for claim in ("iss", "aud", "sub", "exp", "iat", "jti")}
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=audience, issuer=_ISSUER, options=required)
        if claims["typ"] != _TYPE:
            raise TokenInvalid
        return AccessClaims(UUID(claims["sub"]), UUID(claims["sid"]), claims["aud"], str(claims["role"]))
    except (JWTError, KeyError, ValueError, AttributeError, RecursionError) as error:
        raise TokenInvalid from error
