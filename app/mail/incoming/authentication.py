"""What speaks for a mail being from whom it says: SPF (RFC 7208) and DKIM (RFC 6376), and whose domain they name."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dkim
import spf

_SECONDS = 15.0
_PER_QUESTION = 5.0
_MOST_SIGNATURES = 5


class Unanswered(Exception):
    """The DNS says nothing, for now."""


Lookup = Callable[[str, str], Sequence[str]]
"""The records of a name: `("example.com", "TXT")`. No records are no error; raises Unanswered."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The results by their names in RFC 8601: pass, fail, softfail, neutral, none, policy, temperror, permerror."""

    spf: str
    dkim: str
    is_aligned: bool
    """Whether one that passes is about the domain that the mail says it is from."""


def judge(raw: bytes, *, peer: str, helo: str, envelope_sender: str, header_sender: str, lookup: Lookup) -> Verdict:
    """Say what speaks for a mail. Takes CPU, and waits for the DNS."""
    author = header_sender.rpartition("@")[2]
    by_spf = _spf(peer, helo, envelope_sender, lookup)
    by_dkim, signers = _dkim(raw, lookup)
    is_aligned = any(_belong_together(each, author) for each in signers) or (
        by_spf == "pass" and _belong_together(envelope_sender.rpartition("@")[2] or helo, author)
    )
    return Verdict(by_spf, by_dkim, is_aligned)


def _belong_together(domain: str, author: str) -> bool:
    """Whether one is the other or below it (relaxed alignment of RFC 7489, without a list of public suffixes)."""
    one, other = domain.lower().rstrip("."), author.lower().rstrip(".")
    shorter = min(one, other, key=len)
    if "." not in shorter:
        return False
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _spf(peer: str, helo: str, envelope_sender: str, lookup: Lookup) -> str:
    try:
        address = ipaddress.ip_address(peer)
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        question = _Question(str(mapped or address), envelope_sender, helo, lookup)
        result: str = question.check()[0]
    except Exception:  # noqa: BLE001 — whatever a stranger publishes in the DNS
        return "temperror"
    return result


class _Question(spf.query):  # type: ignore[misc] # it has no types
    """pyspf's evaluation, with our way to ask the DNS."""

    def __init__(self, peer: str, sender: str, helo: str, lookup: Lookup) -> None:
        super().__init__(i=peer, s=sender, h=helo, timeout=_PER_QUESTION, querytime=_SECONDS)
        self._lookup = lookup

    def dns(self, name: str, qtype: str, *, ignore_void: bool = False) -> list[Any]:
        """The records, as pyspf has them. Raises pyspf's TempError, and PermError for too many names without any."""
        try:
            found = [_as_spf(each, qtype) for each in self._lookup(str(name).rstrip(".").lower(), qtype)]
        except Unanswered as error:
            raise spf.TempError(f"DNS {error}") from error
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many names that there are not")
        return found


def _as_spf(record: str, qtype: str) -> Any:
    if qtype in {"TXT", "SPF"}:
        return (record.encode(),)
    if qtype == "MX":
        preference, _, host = record.partition(" ")
        return (int(preference), host)
    return record


def _dkim(raw: bytes, lookup: Lookup) -> tuple[str, list[str]]:
    """The best result of the signatures, and the domains of those that hold."""

    def text_of(name: bytes, timeout: float = _PER_QUESTION) -> bytes | None:
        del timeout
        found = lookup(name.decode("ascii").rstrip("."), "TXT")
        return found[0].encode() if found else None

    try:
        signed = dkim.DKIM(raw)
        count = sum(1 for name, _value in signed.headers if name.lower() == b"dkim-signature")
        results = [_signature(raw, index, text_of) for index in range(min(count, _MOST_SIGNATURES))]
    except Exception:  # noqa: BLE001 — likewise
        return "permerror", []
    holding = [domain for result, domain in results if result == "pass"]
    seen = {result for result, _ in results}
    best = next((each for each in ("pass", "temperror", "policy", "fail", "permerror") if each in seen), "none")
    return best, holding


def _signature(raw: bytes, index: int, text_of: Callable[..., bytes | None]) -> tuple[str, str]:
    signature = dkim.DKIM(raw, timeout=_PER_QUESTION, minkey=1024)
    try:
        holds = signature.verify(idx=index, dnsfunc=text_of)
    except dkim.ValidationError:  # it was changed on the way, or is another's
        return "fail", ""
    except (dkim.DKIMException, ValueError):
        return "permerror", ""
    except Exception:  # noqa: BLE001 — the DNS
        return "temperror", ""
    return _counting(signature) if holds else ("fail", "")


def _counting(signature: Any) -> tuple[str, str]:
    """The result of a signature that holds, and its domain if it says something about the whole mail."""
    if b"from" not in signature.include_headers:  # RFC 6376 has it signed, dkimpy does not ask for it
        return "permerror", ""
    if signature.signature_fields.get(b"a") == b"rsa-sha1":  # which RFC 8301 has nobody believe
        return "policy", ""
    if b"l" in signature.signature_fields:  # whoever wanted to has written more below what was signed
        return "policy", ""
    return "pass", signature.domain.decode("ascii", "replace")
