"""Where files lie: in a bucket of S3, or in a folder of this machine. Callers upload to it and download from it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Upload:
    """A request that puts something into the store, for whoever has no key to it. It may be made until it expires."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """How something is handed out: under which name, as what, and whether browsers may show it where they are."""

    file_name: str
    content_type: str
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """Until when an address works, from now on, and where this service is found by whoever uses it."""

    now: datetime
    ends_at: datetime
    origin: str

    @property
    def seconds(self) -> int:
        return int((self.ends_at - self.now).total_seconds())


class Storage(Protocol):
    """Keeps bytes under keys, which are made by us alone. All that is done there raises Unavailable if it cannot be."""

    async def upload(self, key: str, *, size: int, content_type: str, term: Term) -> Upload:
        """Have so many bytes, as this type, be put there by others."""
        ...

    async def link(self, key: str, served: Served, *, term: Term) -> str:
        """An address at which anybody gets it."""
        ...

    async def read(self, key: str, *, most: int) -> bytes | None:
        """What lies there, or its first bytes if there are more than `most` (one more than that); None for nothing."""
        ...

    async def write(self, key: str, data: bytes) -> None:
        """Put it there."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove what lies there. It is no error if nothing does."""
        ...

    def find(self, prefix: str) -> AsyncIterator[Sequence[str]]:
        """The keys that begin with this, which ends with a slash: some at a time."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
