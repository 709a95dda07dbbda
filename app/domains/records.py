"""The records that a domain needs, and whether they are there."""

from app.domains.changes import data_of
from app.domains.lifecycle import Finding
from app.domains.schemas import DnsRecord, DomainRead
from app.integrations.dns import Resolver
from app.models.public import CustomDomainRow

_PREFIX = "_smoothschedule"
_MARK = "smoothschedule-verification="
_TARGETS = "custom"


def records_of(row: CustomDomainRow, root_domain: str) -> list[DnsRecord]:
    """What has to be set for it: the proof that the name is theirs, and where it leads."""
    return [
        DnsRecord(type="TXT", name=f"{_PREFIX}.{row.hostname}", value=_MARK + row.token),
        DnsRecord(type="CNAME", name=row.hostname, value=target_of(row, root_domain)),
    ]


def target_of(row: CustomDomainRow, root_domain: str) -> str:
    """Where it has to lead: each to a target of its own, so that a CNAME left behind is of no use to anybody else."""
    return f"{row.token[:20].lower()}.{_TARGETS}.{root_domain}"


def read(row: CustomDomainRow, root_domain: str) -> DomainRead:
    """A domain as it is shown: with its records."""
    return DomainRead(**data_of(row).model_dump(), records=records_of(row, root_domain))


async def check(resolver: Resolver, row: CustomDomainRow, root_domain: str) -> Finding | None:
    """What is missing of the records, if anything is. Raises DnsUnavailable."""
    proof, pointer = records_of(row, root_domain)
    texts = await resolver.texts(proof.name)
    if proof.value not in texts:
        return Finding.TXT_WRONG if any(text.startswith(_MARK) for text in texts) else Finding.TXT_MISSING
    if pointer.value in await resolver.aliases(row.hostname):
        return None
    # At a zone's apex there is no CNAME: an ALIAS shows as the target's own addresses.
    led_to = await resolver.addresses(row.hostname)
    if led_to and led_to <= await resolver.addresses(pointer.value):
        return None
    return Finding.NOT_POINTING
