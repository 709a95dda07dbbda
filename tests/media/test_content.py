"""What files are, by their content: a table of good ones and of bad ones."""

import pytest

from app.media import content, inspecting
from app.media.kinds import MediaType, Purpose, Reason, Refused
from tests.media import samples

T = MediaType


class TestDetect:
    @pytest.mark.parametrize(
        ("data", "kind"),
        [
            (samples.picture("JPEG"), T.JPEG),
            (samples.picture("PNG"), T.PNG),
            (samples.moving(), T.GIF),
            (samples.picture("WEBP"), T.WEBP),
            (samples.PDF, T.PDF),
            (samples.document(), T.DOCX),
            (samples.document(main="xl/workbook.xml"), T.XLSX),
            (samples.open_document(), T.ODT),
            (samples.open_document(T.ODS), T.ODS),
            (samples.film(), T.MP4),
            (samples.film(b"qt  "), T.MOV),
            (samples.CSV, T.TEXT),
            ("\ufeffGrüße aus Köln".encode(), T.TEXT),
            ("Grüße aus Köln".encode("latin-1"), T.TEXT),
            (b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n", T.TEXT),
            (b"a < b, and <b> is bold", T.TEXT),
        ],
    )
    def test_knows_what_is_taken(self, data: bytes, kind: MediaType) -> None:
        assert content.detect(data) is kind

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            # what shows itself as a page, or runs
            (samples.SVG, Reason.TYPE_UNKNOWN),
            (b'<?xml version="1.0"?>' + samples.SVG, Reason.TYPE_UNKNOWN),
            (b"\xef\xbb\xbf  \n<HTML><body>", Reason.TYPE_UNKNOWN),
            (b"<!-- x --><script>", Reason.TYPE_UNKNOWN),
            (b"#!/bin/sh\nrm -rf ~\n", Reason.TYPE_UNKNOWN),
            (b"%!PS-Adobe-3.0\n", Reason.TYPE_UNKNOWN),
            (b"{\\rtf1 x}", Reason.TYPE_UNKNOWN),
            (b"MZ\x90\0\3", Reason.TYPE_UNKNOWN),
            (b"\x7fELF\2\1\1", Reason.TYPE_UNKNOWN),
            (b"text with a \0 in it", Reason.TYPE_UNKNOWN),
            (b"\xff\xfeh\0i\0", Reason.TYPE_UNKNOWN),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Reason.TYPE_UNKNOWN),
            # one thing that hides in another
            (samples.PDF + samples.packed(("a", b"b")), Reason.AMBIGUOUS),
            (samples.CSV + samples.packed(("a", b"b")), Reason.AMBIGUOUS),
            (samples.film() + samples.packed(("a", b"b")), Reason.AMBIGUOUS),
            (samples.document() + samples.PDF, Reason.AMBIGUOUS),
            (samples.document()[:4] + samples.PDF + samples.document(), Reason.AMBIGUOUS),
            (samples.packed(("a", b"b")) + samples.document(), Reason.AMBIGUOUS),
            # what broke off, or is no such thing
            (samples.PDF[:-7], Reason.DAMAGED),
            (samples.document()[:-30], Reason.DAMAGED),
            (samples.film()[:-1], Reason.DAMAGED),
            (samples.film() + b"abc", Reason.DAMAGED),
            (samples.film().replace(b"moov", b"free"), Reason.DAMAGED),
            (b"PK\x03\x04", Reason.DAMAGED),
            (samples.packed(("a.txt", b"hello")), Reason.TYPE_UNKNOWN),
            (samples.packed(("a.xml", b"hello"), said="application/epub+zip"), Reason.TYPE_UNKNOWN),
            (samples.document(("xl/workbook.xml", b"x")), Reason.TYPE_UNKNOWN),
            (samples.document(("../../etc/passwd", b"x")), Reason.DAMAGED),
            (samples.document(("C:/windows/win.ini", b"x")), Reason.DAMAGED),
            (samples.encrypted(samples.document(), "word/document.xml"), Reason.DAMAGED),
            # what runs when it is opened
            (samples.document(("word/vbaProject.bin", b"x")), Reason.MACROS),
            (samples.document(("xl/VBAPROJECT.BIN", b"x"), main="xl/workbook.xml"), Reason.MACROS),
            (samples.open_document(samples.ODT, ("Basic/Standard/Module1.xml", b"x")), Reason.MACROS),
            # what would be far larger
            (samples.document(("bomb.xml", b"\0" * 3_000_000)), Reason.BOMB),
            (samples.claiming(samples.document(), "word/document.xml", 3_000_000_000), Reason.BOMB),
            (samples.document(*((f"{number}.xml", b"") for number in range(5_001))), Reason.BOMB),
        ],
    )
    def test_refuses_everything_else(self, data: bytes, reason: Reason) -> None:
        with pytest.raises(Refused) as refusal:
            content.detect(data)
        assert refusal.value.reason is reason

    def test_counts_entries_that_overlap(self) -> None:
        """The bombs of today have all entries unpack the same bytes."""
        body = bytes(range(256)) * 400
        archive = samples.document(("one.xml", body), ("two.xml", body))
        assert content.detect(archive) is T.DOCX
        with pytest.raises(Refused) as refusal:
            content.detect(samples.overlapping(archive, "two.xml", len(archive)))
        assert refusal.value.reason is Reason.BOMB

    def test_reads_no_directory_that_is_too_long(self) -> None:
        entries = [(f"{'n' * 60_000}{number}", b"") for number in range(20)]
        with pytest.raises(Refused) as refusal:
            content.detect(samples.document(*entries))
        assert refusal.value.reason is Reason.BOMB


class TestInspect:
    def test_wants_what_was_declared(self) -> None:
        with pytest.raises(Refused) as refusal:
            inspecting.inspect(samples.CSV, T.PDF, Purpose.ATTACHMENT, len(samples.CSV))
        assert refusal.value.reason is Reason.TYPE_DIFFERS

    def test_takes_a_text_for_a_table_if_its_sender_does(self) -> None:
        taken = inspecting.inspect(samples.CSV, T.CSV, Purpose.ATTACHMENT, len(samples.CSV))
        assert (taken.content_type, taken.data) == (T.CSV, samples.CSV)

    @pytest.mark.parametrize("more", [-1, 1])
    def test_wants_the_size_that_was_said(self, more: int) -> None:
        with pytest.raises(Refused) as refusal:
            inspecting.inspect(samples.CSV, T.CSV, Purpose.ATTACHMENT, len(samples.CSV) + more)
        assert refusal.value.reason is Reason.SIZE
