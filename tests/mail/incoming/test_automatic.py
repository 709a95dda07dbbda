"""Mail that no person has written."""

import pytest

from app.mail.incoming.automatic import MOST_HOPS, reason_to_refuse
from app.mail.incoming.parsing import read
from tests.mail.incoming import samples
from tests.mail.incoming.samples import mail

OWN = {"example.com", "tickets.example.com"}


def reason(raw: bytes, envelope_sender: str = "grace@hopper.example") -> str | None:
    return reason_to_refuse(read(raw), envelope_sender=envelope_sender, own_domains=OWN)


class TestReasonToRefuse:
    @pytest.mark.parametrize(
        "raw",
        [
            samples.GMAIL,
            samples.OUTLOOK,
            samples.APPLE,
            samples.FLOWED,
            mail("x\n", Auto_Submitted="no"),
            samples.FORWARDED,
        ],
    )
    def test_is_none_for_people(self, raw: bytes) -> None:
        assert reason(raw) is None

    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (samples.VACATION, "Auto-Submitted"),
            (samples.BOUNCE, "report"),
            (samples.NEWSLETTER, "Precedence"),
            (mail("x\n", Auto_Submitted="auto-generated (vacation)"), "Auto-Submitted"),
            (mail("x\n", Precedence="Auto_Reply"), "Precedence"),
            (mail("x\n", List_Unsubscribe="<https://example.net>"), "list-unsubscribe"),
            (mail("x\n", X_Autoreply="yes"), "x-autoreply"),
            (mail("x\n", X_Failed_Recipients="ada@example.net"), "x-failed-recipients"),
            (mail("x\n", List_Post="<mailto:all@example.net>"), "list-post"),
            (mail("x\n", Return_Path="<>"), "report"),
            (mail("x\n", X_Auto_Response_Suppress="All"), "x-auto-response-suppress"),
            (mail("x\n", X_Loop="example.com"), "x-loop"),
            (mail("x\n", Content_Type="message/disposition-notification"), "report"),
            (mail("x\n", head=samples.HEAD.replace("abc-1@hopper.example", "abc@Example.com")), "our own"),
            (mail("x\n", head=samples.HEAD.replace("Grace@Hopper", "Mailer-Daemon@Hopper")), "nobody answers"),
            (mail("x\n", head=samples.HEAD.replace("Grace@Hopper", "No-Reply@Hopper")), "nobody answers"),
            (mail("x\n", head="Received: by x\n" * (MOST_HOPS + 1) + samples.HEAD), "circles"),
        ],
    )
    def test_is_named_for_machines(self, raw: bytes, words: str) -> None:
        assert words in (reason(raw) or "")

    def test_is_an_empty_sender(self) -> None:
        assert "report" in (reason(samples.GMAIL, "") or "")
