"""The origins (RFC 6454) of web pages that may call a business's API from a browser, as browsers say them."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import idna
from pydantic import AfterValidator, Field, StringConstraints

from app.errors import InvalidValue

_DEFAULT_PORTS = {"https": 443, "http": 80}


def normal_origin(text: str) -> str:
    """The origin as a browser's `Origin` header has it. Raises InvalidValue for what is none, or may not be listed."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidValue("must be an origin, as `https://app.example` is", code="origin") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or text.endswith(":"):
        raise InvalidValue("must be an origin, as `https://app.example` is", code="origin")
    if text.partition("://")[2] != parts.netloc:
        raise InvalidValue("must end with the host or its port: an origin has no path", code="origin")
    host = _normal_host(parts.hostname)
    if parts.scheme == "http" and not _is_local(host):
        raise InvalidValue("must begin with `https://`: `http://` is for localhost alone", code="origin")
    is_default = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"


def _is_local(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "[::1]"} or host.endswith(".localhost")


def _normal_host(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        try:
            return idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise InvalidValue("must name one host, without a wildcard", code="origin") from error
    return f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 — IPv6


def _each_once(origins: list[str]) -> list[str]:
    return list(dict.fromkeys(origins))


Origin = Annotated[
    str, StringConstraints(max_length=260), AfterValidator(normal_origin), Field(examples=["https://app.example"])
]
Origins = Annotated[list[Origin], Field(max_length=20), AfterValidator(_each_once)]
"""A few of them, each once."""
