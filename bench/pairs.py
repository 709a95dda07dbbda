"""Timing: warm up, take turns, quote medians."""

import statistics
import time
from collections.abc import Awaitable, Callable

Work = Callable[[], Awaitable[object]]


async def take_turns(*works: Work, rounds: int, warm_up: int = 20) -> list[float]:
    """The median seconds of each piece of work, measured in turns so that a slow moment slows them all."""
    for _ in range(warm_up):
        for work in works:
            await work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            began = time.perf_counter()
            await work()
            taken.append(time.perf_counter() - began)
    return [statistics.median(taken) for taken in times]


def milliseconds(seconds: float) -> str:
    """Seconds as printed in every table."""
    return f"{seconds * 1e3:8.2f} ms"
