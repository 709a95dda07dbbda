"""How many sendings may be under way at once, and whose: so that those who are slow leave room for everybody else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

MOST_PER_PROCESS = 256
MOST_PER_ENDPOINT = 8
PART_OF_TENANT = 4
MOST_PER_TENANT = MOST_PER_PROCESS // PART_OF_TENANT
_KEPT = 3

AHEAD = 3
"""How many deliveries are claimed for each place: whoever waits for two others mostly ends before the lease does.

What could not any more is not begun.
"""
BATCH = 16  # for one endpoint in one claim


@dataclass(frozen=True, slots=True)
class Room:
    """What may be claimed now: so many in all, so many for one endpoint, and none for some."""

    most: int
    most_per_endpoint: int
    except_for: Sequence[UUID]


def may_begin(there: int, in_all: int, *, beside: int, places: int = MOST_PER_PROCESS) -> bool:
    """Whether a tenant may begin one more to an endpoint: it is sending so many there, and so many in all.

    `beside` is how many the others are sending.

    A tenant has a quarter of the places that the others leave. So whoever holds places for long leaves three times as
    many free: of n such tenants each ends up with 1/(n + 3) of all, and 3/(n + 3) are for those to come.

    A third of its places a tenant keeps for endpoints to which nothing is being sent. An endpoint has eight at most, so
    one that hangs, or several, do not keep an event from the endpoints beside them.
    """
    share = _share(places, beside)
    kept = share // _KEPT if there else 0
    return there < MOST_PER_ENDPOINT and in_all + kept < share


def room_for(claimed: Counter[UUID], *, beside: int, places: int = MOST_PER_PROCESS) -> Room:
    """The room of a tenant that has claimed so many for each endpoint, sent or not, `beside` so many others' sendings.

    For each place it may claim three, in the same proportions. So an endpoint never has nothing to send while the
    database is asked for more.
    """
    share = AHEAD * _share(places, beside)
    free = max(0, share - claimed.total())
    common = free - share // _KEPT
    if common > 0:
        full = [each for each, count in claimed.items() if count + BATCH > AHEAD * MOST_PER_ENDPOINT]
        return Room(common, BATCH, full)
    return Room(free, 1, list(claimed))


def _share(places: int, beside: int) -> int:
    return -(-(places - beside) // PART_OF_TENANT)
