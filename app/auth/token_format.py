"""API tokens as text: `ss_live_` or `ss_test_`, 30 random base62 characters, 6 of checksum."""

from app.core.crypto import BASE62, crc32_base62, random_base62
from app.tenancy.mode import Mode

PREFIXES = {Mode.LIVE: "ss_live_", Mode.SANDBOX: "ss_test_"}

_RANDOM = 30
_CHECKSUM = 6
_ALPHABET = frozenset(BASE62)
_HINT = 4


def new_token(mode: Mode) -> str:
    """A fresh token for this mode, from the system's random source."""
    body = random_base62(_RANDOM)
    return f"{PREFIXES[mode]}{body}{crc32_base62(body)}"


def mode_of(token: str) -> Mode | None:
    """The mode a well-formed token is for; None if it cannot be one of ours, so that no query is spent on it."""
    for mode, prefix in PREFIXES.items():
        if token.startswith(prefix):
            body, checksum = token[len(prefix) : -_CHECKSUM], token[-_CHECKSUM:]
            well_formed = len(body) == _RANDOM and _ALPHABET.issuperset(body)
            return mode if well_formed and crc32_base62(body) == checksum else None
    return None


def hint_of(token: str) -> str:
    """What a list may show of a token: its prefix and last four characters."""
    prefix = token[: len(PREFIXES[Mode.LIVE])]
    return f"{prefix}…{token[-_HINT:]}"
