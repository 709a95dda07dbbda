"""Live data and sandbox data: two schemas of the same shape."""

from enum import StrEnum


class Mode(StrEnum):
    LIVE = "live"
    SANDBOX = "sandbox"
