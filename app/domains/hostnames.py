"""Which host names a business can bring."""

import re

import idna

from app.errors import InvalidValue
from app.tenancy.hosts import host_name

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST = 230  # `_smoothschedule.` before it still makes a name
_LEAST_LABELS = 2
_NOBODYS = frozenset({"localhost", "local", "internal", "invalid", "onion", "arpa", "alt"})


def normalize(name: str, *, root_domain: str) -> str:
    """The name as it is looked up: in ASCII, in lower case, without a trailing dot. Raises InvalidValue."""
    try:
        host = idna.encode(host_name(name), uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidValue("must be a host name such as book.example.com", code="hostname") from error
    labels = host.split(".")
    if len(host) > _LONGEST or len(labels) < _LEAST_LABELS or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidValue("must be a host name such as book.example.com", code="hostname")
    if labels[-1].isdigit() or labels[-1] in _NOBODYS:
        raise InvalidValue("must be a host name such as book.example.com", code="hostname")
    if host == root_domain or host.endswith(f".{root_domain}"):
        raise InvalidValue("is the platform's own; bring a name that you own", code="reserved")
    return host


def unicode_of(host: str) -> str:
    """The name as people read it."""
    return idna.decode(host)
