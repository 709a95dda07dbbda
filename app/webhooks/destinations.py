"""Where webhooks may go: to public addresses over https, and to nothing inside anybody's network."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from app.errors import InvalidValue

LONGEST_URL = 2000
LONGEST_HOST = 253
WEB_PORTS = (80, 443)
FIRST_UNPRIVILEGED_PORT = 1024

# Lists of our own, because the standard library's verdict on a network differs between Python versions.
NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public number that every machine there reaches privately
        "169.254.0.0/16",  # link-local, with the clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Loopback, v4-mapped, NAT64, local and multicast addresses are outside it; what to refuse within it follows.
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
LOOPBACK_V6 = IPv6Address("::1")

HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class DestinationError(InvalidValue):
    """The URL can be no webhook endpoint; the message tells what to change."""


class DestinationNotPublicError(DestinationError):
    """The URL leads to an address that is not public."""


def is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Tell whether the whole internet reaches this address. Only a plainly spelled one can be public."""
    parsed = _parse_address(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in NOT_PUBLIC_V4)
    return (
        parsed is not None
        and parsed.scope_id is None
        and parsed in GLOBAL_UNICAST_V6
        and not any(parsed in network for network in NOT_PUBLIC_V6)
    )


def is_allowed(address: str, *, allow_loopback: bool) -> bool:
    """Tell whether a webhook may connect there: to a public address or, when allowed, 127.0.0.0/8 or ::1."""
    return is_public(address) or (allow_loopback and _is_loopback(address))


def is_localhost(host: str) -> bool:
    """Tell whether the name always means this machine (RFC 6761)."""
    return host == "localhost" or host.endswith(".localhost")


def validate_url(url: str, *, allow_loopback: bool) -> str:
    """Check the URL of a new endpoint and give it normalised: lower-case ASCII host, no default port.

    Loopback hosts, and http for them, pass only with `allow_loopback`. A name is not resolved here, because
    what it means can change: every connection checks the addresses. Raises DestinationError.
    """
    parsed = _parse(url)
    host = _require_host(parsed)
    loopback = is_localhost(host) or _is_loopback(host)
    if loopback and not allow_loopback:
        raise DestinationNotPublicError(
            "{host} is the server itself. Use an address that the internet reaches.",
            code="not-public",
            params={"host": host},
        )
    if not loopback and _parse_address(host) and not is_public(host):
        raise DestinationNotPublicError(
            "{host} is not a public address. Use one that the internet reaches.",
            code="not-public",
            params={"host": host},
        )
    if parsed.scheme != "https" and not (loopback and parsed.scheme == "http"):
        raise DestinationError("Use https:// so that nobody on the way reads or changes the events.", code="url")
    if parsed.port not in WEB_PORTS and (parsed.port or 0) < FIRST_UNPRIVILEGED_PORT:
        raise DestinationError("Use port 80, 443, or one from 1024 to 65535.", code="url")
    normalized = str(parsed.with_host(host))
    _require_short(normalized)
    return normalized


def _parse(url: str) -> URL:
    _require_short(url)
    if not url.isprintable() or " " in url or "\\" in url:
        raise DestinationError(
            "Remove spaces, backslashes and invisible characters, or percent-encode them.", code="url"
        )
    try:
        parsed = URL(url)
    except ValueError as error:
        raise DestinationError("Give a complete URL such as https://example.com/webhooks.", code="url") from error
    if parsed.raw_user is not None or parsed.raw_password is not None:
        raise DestinationError("Remove the user name and password; verify our signature instead.", code="url")
    if parsed.raw_fragment:
        raise DestinationError("Remove the # and what follows; it is never sent to a server.", code="url")
    return parsed


def _require_short(url: str) -> None:
    if len(url) > LONGEST_URL:
        raise DestinationError(
            "Use a URL of at most {most} characters, counted percent-encoded.", code="url", params={"most": LONGEST_URL}
        )


def _require_host(parsed: URL) -> str:
    host = (parsed.raw_host or "").removesuffix(".")
    if not host:
        raise DestinationError("Give a complete URL with a host, such as https://example.com/webhooks.", code="url")
    if _parse_address(host):
        return host
    labels = host.split(".")
    if NUMBER.fullmatch(labels[-1]):
        raise DestinationError("Write an IPv4 address as four decimal numbers, such as 192.0.2.1.", code="url")
    if len(host) > LONGEST_HOST or not all(HOST_LABEL.fullmatch(label) for label in labels):
        raise DestinationError("Use a valid host name: letters, digits and hyphens between dots.", code="url")
    if len(labels) == 1 and not is_localhost(host):
        raise DestinationError(
            "Use a full domain name; {host} alone means nothing on the internet.", code="url", params={"host": host}
        )
    return host


def _parse_address(spelled: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(spelled)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _parse_address(host)
    return address in LOOPBACK_V4 if isinstance(address, IPv4Address) else address == LOOPBACK_V6
