"""What the domain name system says: asked of several public resolvers, or read from a file where nobody is asked."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from app.settings import Settings

_LIFETIME_SECONDS = 5.0
_LOCAL = "dns.json"
_PORT = 53

AnyResolver = TypeVar("AnyResolver", dns.resolver.Resolver, dns.asyncresolver.Resolver)


class DnsUnavailable(Exception):
    """No resolver could be asked, or they do not agree: nothing is known, for now."""


Lookup = Callable[[str, str], Sequence[str]]
"""The records of a name, from a thread: `("example.com", "TXT")`. No records are no error; raises DnsUnavailable."""


class Resolver(Protocol):
    """Answers questions about names. All raise DnsUnavailable."""

    async def texts(self, name: str) -> frozenset[str]:
        """The TXT records of a name, each as one text; none if there is no such name."""
        ...

    async def aliases(self, name: str) -> Sequence[str]:
        """The names that this one leads to by CNAME records, one after the other, without trailing dots."""
        ...

    async def addresses(self, name: str) -> frozenset[str]:
        """The IPv4 and IPv6 addresses of a name, after any CNAME; none if there is no such name."""
        ...


class PublicDns:
    """Asks every one of the resolvers. What only some of them say is not believed yet."""

    def __init__(self, servers: Sequence[str]) -> None:
        """Take the resolvers' addresses, each perhaps with a port as in `127.0.0.1:5353`."""
        self._resolvers = [_resolver_at(server) for server in servers]

    async def texts(self, name: str) -> frozenset[str]:
        """See `Resolver`."""
        said = await self._ask(name, dns.rdatatype.TXT)
        return frozenset.intersection(*[frozenset(_texts(answer)) for answer in said])

    async def aliases(self, name: str) -> Sequence[str]:
        """See `Resolver`."""
        chains = {tuple(_aliases(answer)) for answer in await self._ask(name, dns.rdatatype.A)}
        if len(chains) > 1:
            raise DnsUnavailable(f"the resolvers do not agree on {name}")
        return chains.pop()

    async def addresses(self, name: str) -> frozenset[str]:
        """See `Resolver`."""
        said = [await self._ask(name, kind) for kind in (dns.rdatatype.A, dns.rdatatype.AAAA)]
        return frozenset().union(*[frozenset.intersection(*map(_addresses, answers)) for answers in said])

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[dns.resolver.Answer | None]:
        asked = [_answer(resolver, name, kind) for resolver in self._resolvers]
        try:
            return await asyncio.gather(*asked)
        except (dns.exception.DNSException, OSError) as error:
            raise DnsUnavailable(f"{name}: {error}") from error


class PublicRecords:
    """Asks one of the resolvers after the other, from a thread."""

    def __init__(self, servers: Sequence[str]) -> None:
        """Take the resolvers' addresses, as `PublicDns` does."""
        self._resolvers = [_set_up(dns.resolver.Resolver(configure=False), server) for server in servers]

    def __call__(self, name: str, kind: str) -> Sequence[str]:
        """See `Lookup`."""
        trouble: Exception | None = None
        for resolver in self._resolvers:
            try:
                answer = resolver.resolve(dns.name.from_text(name), kind, raise_on_no_answer=False, search=False)
            except dns.resolver.NXDOMAIN:
                return []
            except (dns.exception.DNSException, OSError) as error:
                trouble = error
            else:
                return _texts(answer) if kind == "TXT" else [record.to_text() for record in answer.rrset or ()]
        raise DnsUnavailable(f"{name}: {trouble}")


class LocalDns:
    """Reads a file of `{name: {"TXT": […], "CNAME": […], "A": […]}}`. What is not in it does not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def texts(self, name: str) -> frozenset[str]:
        """See `Resolver`."""
        return frozenset(self._records(name).get("TXT", []))

    async def aliases(self, name: str) -> Sequence[str]:
        """See `Resolver`."""
        chain: list[str] = []
        while (led_to := self._records(chain[-1] if chain else name).get("CNAME", [])) and led_to[0] not in chain:
            chain += led_to
        return chain

    async def addresses(self, name: str) -> frozenset[str]:
        """See `Resolver`."""
        return frozenset(self._records([name, *await self.aliases(name)][-1]).get("A", []))

    def __call__(self, name: str, kind: str) -> Sequence[str]:
        """See `Lookup`."""
        return self._records(name).get(kind, [])

    def _records(self, name: str) -> dict[str, list[str]]:
        try:
            found: dict[str, dict[str, list[str]]] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return found.get(name, {})


def resolver_of(settings: Settings) -> Resolver:
    """The resolver that the settings name."""
    return PublicDns(settings.resolvers) if settings.resolvers else LocalDns(settings.data_dir / _LOCAL)


def lookup_of(settings: Settings) -> Lookup:
    """Likewise, for threads."""
    return PublicRecords(settings.resolvers) if settings.resolvers else LocalDns(settings.data_dir / _LOCAL)


def _resolver_at(server: str) -> dns.asyncresolver.Resolver:
    return _set_up(dns.asyncresolver.Resolver(configure=False), server)


def _set_up(resolver: AnyResolver, server: str) -> AnyResolver:
    address, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    resolver.nameservers = [address]
    resolver.port = int(port or _PORT)
    resolver.lifetime = _LIFETIME_SECONDS
    return resolver


async def _answer(
    resolver: dns.asyncresolver.Resolver, name: str, kind: dns.rdatatype.RdataType
) -> dns.resolver.Answer | None:
    """What the resolver says; None if it says that there is no such name."""
    try:
        return await resolver.resolve(dns.name.from_text(name), kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return None


def _texts(answer: dns.resolver.Answer | None) -> list[str]:
    records = answer.rrset or () if answer else ()
    return [b"".join(record.strings).decode("utf-8", "replace") for record in records]


def _addresses(answer: dns.resolver.Answer | None) -> frozenset[str]:
    return frozenset(record.address for record in (answer.rrset or () if answer else ()))


def _aliases(answer: dns.resolver.Answer | None) -> list[str]:
    if answer is None:
        return []
    followed = [record for rrset in answer.chaining_result.cnames for record in rrset]
    return [str(record.target).rstrip(".").lower() for record in followed]
