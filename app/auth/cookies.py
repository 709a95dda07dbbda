"""The cookies of a browser's session, and the check that goes with them."""

from dataclasses import dataclass
from typing import Final, Self

SANDBOX_MODE = "sandbox_mode"
"""The cookie of whoever works in the sandbox. It opens nothing: it says which data are meant."""
SANDBOX_CHOSEN: Final = "true"
"""The one value that counts."""


@dataclass(frozen=True, slots=True)
class CookieNames:
    """`__Host-` cookies where the site is served over HTTPS: no other host can set or read those."""

    access: str
    refresh: str
    secure: bool

    @classmethod
    def over(cls, *, secure: bool) -> Self:
        """The names to use on an HTTPS site, or on a plain HTTP one in development."""
        prefix = "__Host-" if secure else ""
        return cls(access=f"{prefix}access_token", refresh=f"{prefix}refresh_token", secure=secure)


def is_same_origin(*, host: str, origin: str | None, fetch_site: str | None, secure: bool) -> bool:
    """Whether a browser's request came from the host's own pages; on an HTTPS site, from those over HTTPS.

    With neither header it did not.
    """
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    scheme, _, origin_host = (origin or "").lower().partition("://")
    return origin_host != "" and origin_host == host.lower() and (scheme == "https" or not secure)
