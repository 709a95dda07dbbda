"""A name server on a free port of this machine, which says what a test wants of any name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """Knows records by name and type. `fails` has it answer SERVFAIL, `is_silent` nothing at all."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.fails = False
        self.is_silent = False
        self.asked = 0
        self.address = ""
        self._transport: asyncio.DatagramTransport | None = None

    def set(self, name: str, kind: str, *values: str) -> None:
        """Have these records of that type, and no others; none if no value is given."""
        self.records[name.lower(), kind] = list(values)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        host, port = transport.get_extra_info("sockname")
        self.address = f"{host}:{port}"

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self.asked += 1
        query = dns.message.from_wire(data)
        if not self.is_silent and self._transport is not None:
            self._transport.sendto(self._answer(query).to_wire(), address)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.fails:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        while led_to := self.records.get((name, "CNAME")):
            answer.answer.append(_rrset(name, "CNAME", [f"{led_to[0]}."]))
            name = led_to[0].lower()
        found = self.records.get((name, kind))
        if found:
            answer.answer.append(_rrset(name, kind, found))
        elif not answer.answer and not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


def _rrset(name: str, kind: str, values: list[str]) -> dns.rrset.RRset:
    texts = [f'"{value}"' if kind == "TXT" else value for value in values]
    return dns.rrset.from_text(dns.name.from_text(name), 60, dns.rdataclass.IN, dns.rdatatype.from_text(kind), *texts)


@asynccontextmanager
async def serving() -> AsyncIterator[NameServer]:
    """Run one."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()
