"""Watching processes from outside."""

import os
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_SECONDS = 60


def wait_until(holds: Callable[[], bool], *, seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """All that come from this process. One that has just ended has none: a server's helpers come and go."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid for child in map(int, children) for pid in (child, *descendants(child))]
