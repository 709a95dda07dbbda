"""Mail is read in a process of its own: what strangers write can take any time and any memory, of that one alone."""

import asyncio
import signal
import struct
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

import app
from app.integrations.dns import DnsUnavailable, Lookup
from app.mail.incoming.authentication import Verdict
from app.mail.incoming.parsing import Attached

MOST_AT_ONCE = 2
CPU_SECONDS = 10
"""Ten times what the largest mail takes that people send."""

_SECONDS = 60.0
_SECONDS_FOR_THE_DNS = 15.0
_LENGTH = struct.Struct(">I")
_HOME = Path(app.__file__).parent.parent
_TOO_MUCH = "It takes too long to be read."


class Unwanted(Exception):
    """A mail that is a machine's, or of which nothing can be made. The text says why, for its sender."""


class ReadingFailed(Exception):
    """It could not be read, for now."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a mail has come, where answers begin, and which domains are our own."""

    peer: str
    helo: str
    envelope_sender: str
    marker: str
    own_domains: Collection[str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail says, and what speaks for its being from whom it says."""

    message_id: str
    sender: str
    subject: str
    text: str
    """All of it."""
    new: str
    """Without what it quotes and what its program adds."""
    attachments: tuple[Attached, ...]
    verdict: Verdict


class Reader:
    """Reads mails, a few at a time. It asks the DNS for the process that reads."""

    def __init__(self, lookup: Lookup, *, cpu_seconds: int = CPU_SECONDS) -> None:
        self._lookup = lookup
        self._cpu_seconds = cpu_seconds
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def read(self, raw: bytes, came: Circumstances) -> Reading:
        """Read a mail. Raises Unwanted and ReadingFailed."""
        async with self._places:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "ignore", "-m", "app.mail.incoming", str(self._cpu_seconds)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_HOME,
                env={},  # it has no use for our secrets
                start_new_session=True,  # who interrupts us has us end it
            )
            try:
                async with asyncio.timeout(_SECONDS):
                    return await self._converse(process, raw, came)
            except TimeoutError as error:
                raise ReadingFailed("it was not read in time") from error
            finally:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _converse(self, process: asyncio.subprocess.Process, raw: bytes, came: Circumstances) -> Reading:
        """Tell the process what to read, answer its questions, and hear what it has read."""
        if process.stdin is None or process.stdout is None:
            raise ReadingFailed("there is no way to it")
        try:
            await _say(process.stdin, orjson.dumps(asdict(came)), raw)
            ends_at = asyncio.get_running_loop().time() + _SECONDS_FOR_THE_DNS
            while True:
                said: dict[str, Any] = orjson.loads(await _hear(process.stdout))
                if "question" not in said:
                    break
                await _say(process.stdin, orjson.dumps(await self._ask(*said["question"], ends_at=ends_at)))
            files = [await _hear(process.stdout) for _ in said.get("files", ())]
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await process.wait()
            if code == -signal.SIGXCPU:  # it was ended for what it took, and not with us
                raise Unwanted(_TOO_MUCH) from error
            raise ReadingFailed(f"it ended with {code}") from error
        return _reading(said, files)

    async def _ask(self, name: str, kind: str, *, ends_at: float) -> Sequence[str] | None:
        """The records; None if they cannot be had in time."""
        try:
            async with asyncio.timeout_at(ends_at):
                return list(await asyncio.to_thread(self._lookup, name, kind))
        except (TimeoutError, DnsUnavailable):
            return None


def _reading(said: dict[str, Any], files: Sequence[bytes]) -> Reading:
    if "refused" in said:
        raise Unwanted(said["refused"])
    if "failed" in said:
        raise ReadingFailed(said["failed"])
    attachments = [Attached(**file, data=data) for file, data in zip(said["files"], files, strict=True)]
    return Reading(**said["mail"], attachments=tuple(attachments), verdict=Verdict(**said["verdict"]))


async def _say(writer: asyncio.StreamWriter, *frames: bytes) -> None:
    for frame in frames:
        writer.write(_LENGTH.pack(len(frame)))
        writer.write(frame)
    await writer.drain()


async def _hear(reader: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)
