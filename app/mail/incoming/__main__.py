"""The process that reads one mail, and ends: see `reading`. It hears frames from standard input, and says frames."""

import os
import resource
import struct
import sys
from collections.abc import Sequence
from typing import Any

import orjson

from app.mail.incoming import automatic, parsing, quoting
from app.mail.incoming.authentication import Unanswered, judge
from app.mail.incoming.parsing import Unreadable

_BYTES = 1024**3
_LENGTH = struct.Struct(">I")
_NICER = 10
"""Whoever waits for a page or a webhook goes before."""


def main() -> None:
    """Read the mail that is said, within so many seconds of CPU, and say what it says."""
    _be_modest(int(sys.argv[1]))
    came, raw = orjson.loads(_hear()), _hear()
    try:
        said, files = _read(raw, came)
    except Unreadable as fault:
        said, files = {"refused": str(fault)}, []
    except MemoryError:
        said, files = {"refused": "It is too large to be read."}, []
    except Exception as error:  # noqa: BLE001 — told to whoever waits for it, without what the mail says
        said, files = {"failed": f"reading failed with {type(error).__name__}"}, []
    _say(orjson.dumps(said), *files)


def _read(raw: bytes, came: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    mail, sender = parsing.read(raw), came["envelope_sender"]
    reason = automatic.reason_to_refuse(mail, envelope_sender=sender, own_domains=came["own_domains"])
    if reason is not None:
        raise Unreadable(reason)
    new = quoting.cut(mail.text, marker=came["marker"])
    verdict = judge(
        raw,
        peer=came["peer"],
        helo=came["helo"],
        envelope_sender=sender,
        header_sender=mail.sender,
        lookup=_ask,
    )
    told = {name: getattr(mail, name) for name in ("message_id", "sender", "subject", "text")} | {"new": new}
    files = [{"name": file.name, "content_type": file.content_type} for file in mail.attachments]
    return {"mail": told, "files": files, "verdict": verdict}, [file.data for file in mail.attachments]


def _be_modest(cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    os.nice(_NICER)


def _ask(name: str, kind: str) -> Sequence[str]:
    _say(orjson.dumps({"question": [name, kind]}))
    found: list[str] | None = orjson.loads(_hear())
    if found is None:
        raise Unanswered(name)
    return found


def _say(*frames: bytes) -> None:
    for frame in frames:
        sys.stdout.buffer.write(_LENGTH.pack(len(frame)))
        sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


def _hear() -> bytes:
    (length,) = _LENGTH.unpack(sys.stdin.buffer.read(_LENGTH.size))
    return sys.stdin.buffer.read(length)


if __name__ == "__main__":
    main()
