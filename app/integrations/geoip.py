"""Where an IP address is used, roughly: looked up in a file (MaxMind DB), which asks nobody."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import maxminddb

_LANGUAGE = "en"


class Places:
    """Knows the places of addresses. Without a file it knows none."""

    def __init__(self, path: Path | None) -> None:
        """Read the file. Raises OSError and maxminddb.InvalidDatabaseError if there is none, or it is none."""
        self._reader = maxminddb.open_database(path) if path else None

    def place_of(self, address: str | None) -> str | None:
        """City and country as far as they are known: `Berlin, Germany`."""
        if self._reader is None or address is None:
            return None
        try:
            found = self._reader.get(address)
        except ValueError:  # no address, or one of a kind that the file does not cover
            return None
        if not isinstance(found, Mapping):
            return None
        return ", ".join(filter(None, (_name(found.get("city")), _name(found.get("country"))))) or None

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()


def _name(part: Any) -> str | None:
    names = part.get("names") if isinstance(part, Mapping) else None
    name = names.get(_LANGUAGE) if isinstance(names, Mapping) else None
    return name if isinstance(name, str) else None
