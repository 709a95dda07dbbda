"""What speaks for a mail being from whom it says."""

import base64
from collections.abc import Sequence

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.mail.incoming.authentication import Unanswered, Verdict, judge
from tests.mail.incoming import samples

Records = dict[str, dict[str, list[str]]]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PEER = "192.0.2.7"


def signed(domain: str, raw: bytes = samples.APPLE) -> bytes:
    """The mail, signed by this domain."""
    header: bytes = dkim.sign(raw, b"key", domain.encode(), PRIVATE, include_headers=[b"from", b"subject"])
    return header + raw


def key_of(domain: str) -> Records:
    return {f"key._domainkey.{domain}": {"TXT": [f"v=DKIM1; k=rsa; p={PUBLIC}"]}}


def spf_of(domain: str, record: str) -> Records:
    return {domain: {"TXT": [record]}}


def judged(
    raw: bytes, records: Records, *, sender: str = "grace@hopper.example", author: str = "grace@hopper.example"
) -> Verdict:
    def lookup(name: str, kind: str) -> Sequence[str]:
        found = records.get(name, {}).get(kind, [])
        if found == ["down"]:
            raise Unanswered(name)
        return found

    return judge(raw, peer=PEER, helo="mx.hopper.example", envelope_sender=sender, header_sender=author, lookup=lookup)


class TestSpf:
    @pytest.mark.parametrize(
        ("record", "result"),
        [
            ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
            ("v=spf1 ip4:198.51.100.0/24 -all", "fail"),
            ("v=spf1 ip4:198.51.100.0/24 ~all", "softfail"),
            ("v=spf1 ?all", "neutral"),
            ("no such thing", "none"),
            ("v=spf1 nonsense:x -all", "permerror"),
            ("down", "temperror"),
        ],
    )
    def test_says_what_the_domain_says(self, record: str, result: str) -> None:
        verdict = judged(samples.APPLE, spf_of("hopper.example", record))
        assert (verdict.spf, verdict.is_aligned) == (result, result == "pass")

    def test_follows_includes_and_mail_servers(self) -> None:
        records = spf_of("hopper.example", "v=spf1 include:_spf.provider.example mx -all")
        records |= {"_spf.provider.example": {"TXT": ["v=spf1 ip4:198.51.100.1 -all"]}}
        records["hopper.example"]["MX"] = ["10 mx.hopper.example."]
        records |= {"mx.hopper.example": {"A": [PEER]}}
        assert (judged(samples.APPLE, records)).spf == "pass"

    def test_of_somebody_elses_domain_speaks_for_nothing(self) -> None:
        records = spf_of("evil.example", "v=spf1 +all")
        verdict = judged(samples.APPLE, records, sender="x@evil.example")
        assert (verdict.spf, verdict.is_aligned) == ("pass", False)


class TestDkim:
    @pytest.mark.parametrize(
        ("domain", "is_aligned"),
        [
            ("hopper.example", True),
            ("mail.hopper.example", True),
            ("evil.example", False),
            ("nothopper.example", False),
        ],
    )
    def test_passes_and_counts_for_the_own_domain(self, domain: str, is_aligned: bool) -> None:
        verdict = judged(signed(domain), key_of(domain))
        assert (verdict.dkim, verdict.is_aligned) == ("pass", is_aligned)

    def test_fails_for_what_was_changed(self) -> None:
        changed = signed("hopper.example").replace(b"Vier passt.", b"Zehn passt.")
        verdict = judged(changed, key_of("hopper.example"))
        assert (verdict.dkim, verdict.is_aligned) == ("fail", False)

    def test_knows_nothing_without_the_key_or_the_dns(self) -> None:
        assert (judged(signed("hopper.example"), {})).dkim in {"permerror", "fail"}
        down = {"key._domainkey.hopper.example": {"TXT": ["down"]}}
        assert (judged(signed("hopper.example"), down)).dkim == "temperror"

    def test_counts_only_if_it_covers_the_sender_and_the_whole(self) -> None:
        parts = {"include_headers": [b"from", b"subject"], "length": True}
        header: bytes = dkim.sign(samples.APPLE, b"key", b"hopper.example", PRIVATE, **parts)
        verdict = judged(header + samples.APPLE + b"And pay the rest in gold.\r\n", key_of("hopper.example"))
        assert (verdict.dkim, verdict.is_aligned) == ("policy", False)

    def test_is_none_without_a_signature(self) -> None:
        assert (judged(samples.APPLE, {})).dkim == "none"

    def test_takes_any_of_several(self) -> None:
        twice = signed("evil.example", signed("hopper.example"))
        verdict = judged(twice, key_of("hopper.example"))
        assert (verdict.dkim, verdict.is_aligned) == ("pass", True)

    def test_believes_no_digest_that_is_broken(self) -> None:
        header: bytes = dkim.sign(
            samples.APPLE,
            b"key",
            b"hopper.example",
            PRIVATE,
            include_headers=[b"from"],
            signature_algorithm=b"rsa-sha1",
        )
        verdict = judged(header + samples.APPLE, key_of("hopper.example"))
        assert (verdict.dkim, verdict.is_aligned) == ("policy", False)
