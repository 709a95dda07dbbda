"""Where an API token may be used from."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from app.errors import AddressNotAllowed

Networks = tuple[IPv4Network | IPv6Network, ...]


def parse_networks(texts: Iterable[str]) -> Networks:
    """Networks in CIDR notation. Raises ValueError, for bits beyond the prefix too."""
    return tuple(map(ip_network, texts))


def require_allowed(networks: Networks, address: str | None) -> None:
    """See that the address lies in one of the networks, if there are any. Raises AddressNotAllowed.

    An IPv4 address that comes as IPv6 (`::ffff:192.0.2.1`) is the IPv4 address.
    """
    if not networks:
        return
    try:
        caller = ip_address(address or "")
    except ValueError:
        raise AddressNotAllowed from None
    if isinstance(caller, IPv6Address):
        caller = caller.ipv4_mapped or caller
    if not any(caller in network for network in networks):
        raise AddressNotAllowed(
            "The request came from {address}, which none of the token's `allowed_networks` holds.",
            params={"address": str(caller)},
        )
