"""Why a socket is closed, as its other side is told."""

from enum import IntEnum

PROBLEMS = 4000
"""Added to the status of the problem that ends a socket."""


class CloseCode(IntEnum):
    """The codes with a meaning of their own."""

    GOING_AWAY = 1001
    """The process ends. Connect again: another one answers."""
    FAILED = 1011
    SESSION_ENDED = 4401
    NOT_PERMITTED = 4403
    TOO_SLOW = 4408
    """More waited than is kept for whoever does not read it."""
    MODE_CHANGED = 4409
