"""Whether an upload is taken, and what is kept of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.media import content, images
from app.media.kinds import Inspected, MediaType, Purpose, Reason, Refused

_MOST_AT_ONCE = 2  # in a process: a picture of fifty million pixels takes some hundred megabytes while it is looked at


def inspect(data: bytes, declared: MediaType, purpose: Purpose, size: int) -> Inspected:
    """What is kept of an upload that is said to be of this type and size. Takes CPU. Raises Refused."""
    if len(data) != size:
        raise Refused(Reason.SIZE)
    found = content.detect(data)
    if not content.is_as_declared(found, declared):
        raise Refused(Reason.TYPE_DIFFERS)
    if found.is_image:
        return images.make_anew(data, found, purpose)
    return Inspected(data, declared)


def identify(data: bytes, file_name: str) -> Inspected:
    """What is kept of an attachment of which nobody has said what it is. Takes CPU. Raises Refused."""
    found = content.detect(data)
    if found is MediaType.TEXT and file_name.lower().endswith(".csv"):
        found = MediaType.CSV
    return inspect(data, found, Purpose.ATTACHMENT, len(data))


class Inspector:
    """Has a few files looked at at a time, beside the requests that a process answers meanwhile."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place among those who have a file in memory. Nobody should hold a connection meanwhile."""
        async with self._places:
            yield

    async def inspect(self, data: bytes, declared: MediaType, purpose: Purpose, size: int) -> Inspected:
        """See `inspect`."""
        return await asyncio.to_thread(inspect, data, declared, purpose, size)

    async def identify(self, data: bytes, file_name: str) -> Inspected:
        """See `identify`."""
        return await asyncio.to_thread(identify, data, file_name)
