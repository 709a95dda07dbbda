"""The local twin of a bucket: files in a folder, uploaded and downloaded by addresses of our own that we sign."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.errors import LinkInvalid, PayloadTooLarge, Unavailable, UploadIncomplete
from app.integrations.storage import Served, Term, Upload

UPLOADS = "/media/uploads"
DOWNLOADS = "/media/files"

_KEY = re.compile(r"[0-9a-z-]+(/[0-9a-z-]+)*")
_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Awaited:
    """An upload that somebody has been given the address for."""

    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A download likewise."""

    key: str
    path: Path
    served: Served


class Folder:
    """Keeps files for nobody else's eyes."""

    def __init__(self, directory: Path, keyring: Keyring) -> None:
        self._directory = directory
        secret = keyring.mac("media addresses", b"")
        self._uploads = URLSafeSerializer(secret, salt="upload")
        self._downloads = URLSafeSerializer(secret, salt="download")

    async def upload(self, key: str, *, size: int, content_type: str, term: Term) -> Upload:
        """See `Storage`."""
        token = self._uploads.dumps([key, size, int(term.ends_at.timestamp())])
        headers = {"Content-Type": content_type, "Content-Length": str(size)}
        return Upload("PUT", f"{term.origin}{UPLOADS}/{token}", headers, term.ends_at)

    async def link(self, key: str, served: Served, *, term: Term) -> str:
        """See `Storage`."""
        how = [served.file_name, served.content_type, served.is_inline]
        return f"{term.origin}{DOWNLOADS}/{self._downloads.dumps([key, *how, int(term.ends_at.timestamp())])}"

    def awaited(self, token: str, *, now: datetime) -> Awaited:
        """What may be uploaded at the address that ends so. Raises LinkInvalid."""
        key, size = _opened(self._uploads, token, now)
        return Awaited(key, size)

    def wanted(self, token: str, *, now: datetime) -> Wanted:
        """What is downloaded at the address that ends so. Raises LinkInvalid."""
        key, *how = _opened(self._downloads, token, now)
        path = self._path(key)
        if not path.is_file():
            raise LinkInvalid("This file is not there any longer.")
        return Wanted(key, path, Served(*how))

    async def receive(self, awaited: Awaited, chunks: AsyncIterator[bytes]) -> None:
        """Keep what arrives, if it is neither more nor less than what was said, and nothing of it otherwise.

        Raises PayloadTooLarge as soon as it is more, and UploadIncomplete.
        """
        path = self._path(awaited.key)
        unfinished = path.with_name(f"unfinished-{uuid7().hex}")
        with _failures_as_problems():
            await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
            try:
                await _pour(chunks, unfinished, awaited.size)
                await asyncio.to_thread(unfinished.rename, path)
            finally:
                unfinished.unlink(missing_ok=True)

    async def read(self, key: str, *, most: int) -> bytes | None:
        """See `Storage`."""
        with _failures_as_problems():
            return await asyncio.to_thread(_read, self._path(key), most + 1)

    async def write(self, key: str, data: bytes) -> None:
        """See `Storage`."""
        with _failures_as_problems():
            await asyncio.to_thread(_write, self._path(key), data)

    async def delete(self, keys: Sequence[str]) -> None:
        """See `Storage`."""
        with _failures_as_problems():
            await asyncio.to_thread(self._delete, keys)

    async def find(self, prefix: str) -> AsyncIterator[Sequence[str]]:
        """See `Storage`. What broke off while it was written is among them."""
        with _failures_as_problems():
            for found in await asyncio.to_thread(self._walk, prefix):
                yield found

    async def close(self) -> None:
        """See `Storage`."""

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of ours")
        return self._directory / key

    def _delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            path = self._path(key)
            path.unlink(missing_ok=True)
            with suppress(OSError):  # something else lies there as well
                for folder in path.relative_to(self._directory).parents[:-1]:
                    (self._directory / folder).rmdir()

    def _walk(self, prefix: str) -> list[list[str]]:
        found = []
        for folder, _, names in os.walk(self._path(prefix.rstrip("/"))):
            place = Path(folder).relative_to(self._directory)
            found.append([(place / name).as_posix() for name in names])
        return found


def _opened(serializer: URLSafeSerializer, token: str, now: datetime) -> list[Any]:
    try:
        *said, ends_at = serializer.loads(token)
    except BadData as error:
        raise LinkInvalid("This is no address that was given out here.") from error
    if now.timestamp() > ends_at:
        raise LinkInvalid
    return list(said)


async def _pour(chunks: AsyncIterator[bytes], path: Path, size: int) -> None:
    """Write what arrives there, in blocks. Raises PayloadTooLarge and UploadIncomplete."""
    waiting, length = bytearray(), 0
    async for chunk in chunks:
        length += len(chunk)
        if length > size:
            raise PayloadTooLarge(
                "The file is larger than the {size} bytes that were announced.", params={"size": size}
            )
        waiting += chunk
        if len(waiting) >= _BLOCK_BYTES:
            await asyncio.to_thread(_append, path, bytes(waiting))
            waiting.clear()
    if length < size:
        params = {"length": length, "size": size}
        raise UploadIncomplete("{length} of the {size} bytes that were announced have arrived.", params=params)
    await asyncio.to_thread(_append, path, bytes(waiting))


def _append(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    with path.open("ab") as file:
        file.write(data)


def _read(path: Path, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{uuid7().hex}")
    try:
        _append(unfinished, data)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _failures_as_problems() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable from error
