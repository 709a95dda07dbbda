"""What every answer asks of browsers. What needs more than this says so itself; nothing is there that needs less."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from types import MappingProxyType

from starlette.datastructures import MutableHeaders

from app.settings import Settings
from app.tenancy.hosts import host_name

_CLOSED = "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_YEAR_SECONDS = 365 * 24 * 3600

_DATA = MappingProxyType(
    {
        "x-content-type-options": "nosniff",
        "content-security-policy": f"default-src 'none'; form-action 'none'; {_CLOSED}; sandbox",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
)
"""For data, which is most of what we answer: shown as a page they run nothing, load nothing, and fit in no frame."""


def page_policy(*, scripts: Iterable[str] = (), styles: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of a page that loads from its own host alone, and these sources beside."""
    own = "'self'"
    return (
        f"default-src {own}; script-src {' '.join([own, *scripts])}; style-src {' '.join([own, *styles])}; "
        f"img-src {own} data:; form-action {own}; {_CLOSED}"
    )


def inline_scripts(page: bytes) -> list[str]:
    """What a policy says of the scripts that stand in this page itself: their hashes, so that no other is run."""
    hashes = (sha256(script).digest() for script in _INLINE_SCRIPT.findall(page))
    return [f"'sha256-{b64encode(digest).decode()}'" for digest in hashes]


class BrowserRules:
    """The headers that an answer gets unless it bears them already.

    Over https browsers are told to stay with it for a year: for subdomains too where the domain is ours, and not where
    it is a business's own, which may have others.
    """

    def __init__(self, settings: Settings) -> None:
        self._always = tuple((name.encode(), value.encode()) for name, value in _DATA.items())
        self._is_secure = settings.secure_cookies
        self._root = settings.root_domain

    def apply(self, headers: MutableHeaders, host: str) -> None:
        """Add what is missing from an answer at this host (as the Host header names it)."""
        present = {name for name, _ in headers.raw}
        headers.raw.extend(pair for pair in self._always if pair[0] not in present)
        if self._is_secure:
            headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}{self._reach(host_name(host))}"

    def _reach(self, host: str) -> str:
        is_ours = host == self._root or host.endswith(f".{self._root}")
        return "; includeSubDomains" if is_ours else ""
