"""Reading a mail in a process of its own, whatever it holds."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.integrations.dns import DnsUnavailable
from app.mail.incoming.parsing import Unreadable, read
from app.mail.incoming.reading import Circumstances, Reader, ReadingFailed, Unwanted
from tests.mail.incoming import samples
from tests.mail.incoming.test_authentication import PEER, key_of, signed

CAME = Circumstances(PEER, "mx.hopper.example", "grace@hopper.example", "- - -", ["example.com"])


def knows_nothing(_name: str, _kind: str) -> Sequence[str]:
    return []


class TestRead:
    async def test_says_what_a_mail_says(self) -> None:
        reading = await Reader(knows_nothing).read(samples.GMAIL, CAME)
        assert (reading.sender, reading.message_id) == ("grace@hopper.example", "<abc-1@hopper.example>")
        assert reading.new == "Four is fine, thank you!"
        assert "Come by at four." in reading.text

    async def test_brings_the_files(self) -> None:
        packed = samples.winmail("Four is fine.", "bill.txt", bytes(range(256)) * 1000)
        (file,) = (await Reader(knows_nothing).read(samples.of_outlook(packed), CAME)).attachments
        assert (file.name, file.data) == ("bill.txt", bytes(range(256)) * 1000)

    async def test_asks_the_dns(self) -> None:
        records = key_of("hopper.example") | {"hopper.example": {"TXT": [f"v=spf1 ip4:{PEER} -all"]}}
        reader = Reader(lambda name, kind: records.get(name, {}).get(kind, []))
        verdict = (await reader.read(signed("hopper.example"), CAME)).verdict
        assert (verdict.spf, verdict.dkim, verdict.is_aligned) == ("pass", "pass", True)

    async def test_knows_nothing_of_whose_it_is_without_the_dns(self) -> None:
        def broken(name: str, kind: str) -> Sequence[str]:
            raise DnsUnavailable(f"{name} {kind}")

        verdict = (await Reader(broken).read(signed("hopper.example"), CAME)).verdict
        assert (verdict.spf, verdict.dkim, verdict.is_aligned) == ("temperror", "temperror", False)

    @pytest.mark.parametrize(
        ("raw", "why"),
        [(samples.VACATION, "automatically"), (b"not a mail", "one address"), (samples.many_parts(200), "parts")],
    )
    async def test_refuses_what_no_person_has_written(self, raw: bytes, why: str) -> None:
        with pytest.raises(Unwanted, match=why):
            await Reader(knows_nothing).read(raw, CAME)

    @pytest.mark.parametrize(
        "raw",
        [
            samples.mail("On " * 6000),
            samples.mail("<" * 900_000, Content_Type="text/html"),
            samples.mail("x", head=samples.HEAD + "Content-Type: text/plain" + "; a=b" * 40_000 + "\n"),
            samples.mail("--x\n\n" * 400_000, Content_Type="multipart/mixed; boundary=x"),
            signed("hopper.example", samples.mail((" " * 900 + "x\n") * 3000)).replace(b"/simple", b"/relaxed", 1),
        ],
        ids=["quotation", "html", "parameters", "parts", "spaces"],
    )
    async def test_takes_no_more_than_so_much_for_any(self, raw: bytes) -> None:
        with pytest.raises(Unwanted, match="too"):
            await Reader(
                lambda _name, _kind: key_of("hopper.example")["key._domainkey.hopper.example"]["TXT"], cpu_seconds=1
            ).read(raw, CAME)

    async def test_leaves_nothing_behind_when_nobody_waits(self) -> None:
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def slow(_name: str, _kind: str) -> Sequence[str]:
            loop.call_soon_threadsafe(asked.set)
            asyncio.run_coroutine_threadsafe(done.wait(), loop).result()
            return []

        reader = Reader(slow)
        reading = asyncio.create_task(reader.read(samples.APPLE, CAME))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        done.set()
        assert (await Reader(knows_nothing).read(samples.APPLE, CAME)).new == "Vier passt."

    async def test_puts_off_what_was_interrupted_with_us(self) -> None:
        def interrupting(_name: str, _kind: str) -> Sequence[str]:
            for children in Path("/proc/self/task").glob("*/children"):
                for child in map(int, children.read_text().split()):
                    if b"app.mail.incoming" in Path(f"/proc/{child}/cmdline").read_bytes():
                        os.kill(child, signal.SIGTERM)
            return []

        with pytest.raises(ReadingFailed):
            await Reader(interrupting).read(samples.APPLE, CAME)

    async def test_says_so_when_its_process_cannot_begin(self) -> None:
        with pytest.raises(ReadingFailed):
            await Reader(knows_nothing, cpu_seconds=10**30).read(samples.APPLE, CAME)


class TestAnything:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        head=st.lists(
            st.tuples(
                st.sampled_from([b"From", b"Subject", b"Message-ID", b"Content-Type", b"Content-Disposition", b"To"]),
                st.one_of(
                    st.binary(max_size=60),
                    st.sampled_from(
                        [
                            b"a@b.example",
                            b"multipart/mixed; boundary=x",
                            b"text/plain; charset=utf-7",
                            b"message/rfc822",
                        ]
                    ),
                ),
            ),
            max_size=8,
        ),
        body=st.binary(max_size=300),
    )
    def test_is_unreadable_or_can_be_kept(self, head: list[tuple[bytes, bytes]], body: bytes) -> None:
        raw = b"".join(name + b": " + value + b"\r\n" for name, value in head) + b"\r\n" + body
        try:
            mail = read(raw)
        except Unreadable:
            return
        kept = [mail.message_id, mail.sender, mail.sender_name, mail.subject, mail.text]
        kept += [each for file in mail.attachments for each in (file.name, file.content_type)]
        for text in kept:
            assert "\0" not in text
            text.encode()
