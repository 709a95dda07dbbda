"""How many sendings may be under way at once, and whose: so that those who are slow leave room for everybody else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

MOST_PER_PROCESS = 256
MOST_PER_ENDPOINT = 8
PART_OF_TENANT = 4
MOST_PER_TENANT = MOST_PER_PROCESS // PART_OF_TENANT

BATCH = 4  # for one endpoint in one claim
_KEPT = 3


@dataclass(frozen=True, slots=True)
class Room:
    """What may be claimed now: so many in all, so many for one endpoint, and none for some."""

    most: int
    most_per_endpoint: int
    except_for: Sequence[UUID]


def room_for(sending: Iterable[UUID], *, beside: int, places: int = MOST_PER_PROCESS) -> Room:
    """The room of a tenant that is sending to these endpoints (one entry for each sending), `beside` so many others'.

    A tenant has a quarter of the places that the others leave. So whoever holds places for long leaves three times as
    many free: of n such tenants each ends up with 1/(n + 3) of all, and 3/(n + 3) are for those to come.

    A third of its places a tenant keeps for endpoints to which nothing is being sent. An endpoint has eight at most, so
    one that hangs, or several, do not keep an event from the endpoints beside them.
    """
    counts = Counter(sending)
    share = -(-(places - beside) // PART_OF_TENANT)
    free = max(0, share - counts.total())
    common = free - share // _KEPT
    if common > 0:
        return Room(common, BATCH, [each for each, count in counts.items() if count + BATCH > MOST_PER_ENDPOINT])
    return Room(free, 1, list(counts))
