"""The devices that people log in with, in words they know."""

from dataclasses import dataclass

import ua_parser

LONGEST_USER_AGENT = 400
UNKNOWN = "Unknown device"


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request came from; the place as far as it is known."""

    ip_address: str | None
    user_agent: str | None
    place: str | None = None
    refresh_token: str | None = None
    """What a browser still has of an earlier session, as its cookie says."""

    @property
    def label(self) -> str:
        """Which device that is: `Firefox on Linux`."""
        return label_of(self.user_agent)


def label_of(user_agent: str | None) -> str:
    """The program and the system that a User-Agent names, without their versions: these change every month."""
    if not user_agent:
        return UNKNOWN
    known = ua_parser.parse(user_agent[:LONGEST_USER_AGENT])
    program = known.user_agent.family if known.user_agent else None
    system = known.os.family if known.os else None
    return " on ".join(filter(None, (program, system))) or UNKNOWN
