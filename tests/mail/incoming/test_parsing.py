"""What a person reads in a mail, whatever program it is from."""

from contextlib import suppress

import pytest

from app.mail.incoming import parsing
from app.mail.incoming.parsing import Unreadable, read
from tests.mail.incoming import samples


class TestRead:
    def test_says_whose_it_is_and_which(self) -> None:
        incoming = read(samples.GMAIL)
        assert (incoming.sender, incoming.sender_name) == ("grace@hopper.example", "Grace Hopper")
        assert (incoming.message_id, incoming.subject) == ("<abc-1@hopper.example>", "Re: [#7] My colour has faded")

    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (samples.GMAIL, "Four is fine, thank you!"),
            (samples.OUTLOOK, "Four is fine."),
            (samples.APPLE, "Vier passt."),
            (samples.FLOWED, "broken for the wire and that is whole again.\n> no quotation, but stuffed"),
            (samples.JAPANESE, "四時に行きます。"),
            (samples.WINDOWS, "It\u2019s \u201cfine\u201d \u2013 really \u20ac5."),
            (samples.UNKNOWN_CHARSET, "Grüße"),
            (samples.CUT_OFF, "See the picture."),
            (samples.FORWARDED, "This is what they wrote."),
            (samples.nested(10), "at the bottom"),
        ],
    )
    def test_has_the_words(self, raw: bytes, words: str) -> None:
        assert words in read(raw).text

    @pytest.mark.parametrize(
        ("words", "written", "named"),
        [
            ("\u9555\u57fa", "gbk", "gb2312"),
            ("\ub620\ubc29\uac01\ud558", "cp949", "ks_c_5601-1987"),
            ("\u2460\u9ad9", "cp932", "shift_jis"),
            ("\u20ac\u011f", "cp1254", "iso-8859-9"),
        ],
    )
    def test_knows_what_is_meant_by_a_character_set(self, words: str, written: str, named: str) -> None:
        raw = samples.mail(words, charset=written, Content_Type=f"text/plain; charset={named}")
        assert read(raw).text == words

    @pytest.mark.parametrize(
        ("head", "body"),
        [
            ("Content-Type: text/plain; charset=utf-7\n", "+2AA-"),
            ("Content-Type: text/plain; charset=raw_unicode_escape\n", "\\ud800"),
            ("Message-ID: <a\0b@c>\n", "x"),
            ("Subject: a\0b\n", "x"),
        ],
    )
    def test_has_nothing_that_cannot_be_kept(self, head: str, body: str) -> None:
        mail = read(samples.mail(body, head=f"From: a@b.example\n{head}"))
        for text in (mail.text, mail.message_id, mail.subject):
            assert "\0" not in text
            text.encode()

    @pytest.mark.parametrize("sender", [b"\xffa@b.example", b"a\0c@b.example"])
    def test_refuses_an_address_that_is_none(self, sender: bytes) -> None:
        with pytest.raises(Unreadable, match="one address"):
            read(b"From: " + sender + b"\r\n\r\nx")

    def test_takes_html_only_where_there_is_nothing_else(self) -> None:
        assert "<p" not in read(samples.OUTLOOK).text
        assert read(samples.GMAIL).text.count("Four is fine") == 1

    def test_gives_files_names_that_lead_nowhere(self) -> None:
        (picture,) = read(samples.CUT_OFF).attachments
        assert (picture.name, picture.content_type) == ("vorher ü.png", "image/png")
        assert picture.data.startswith(b"\x89PNG")

    def test_keeps_another_mail_as_a_file(self) -> None:
        (inner,) = read(samples.FORWARDED).attachments
        assert inner.name == "A secret.eml"
        assert b"Inside." in inner.data
        assert read(samples.FORWARDED).message_id == "<abc-1@hopper.example>"

    def test_opens_what_outlook_packs(self) -> None:
        packed = samples.winmail("Four is fine.", "bill.txt", b"100 EUR")
        incoming = read(samples.of_outlook(packed))
        assert incoming.text == "Four is fine."
        assert [(each.name, each.data) for each in incoming.attachments] == [("bill.txt", b"100 EUR")]

    def test_keeps_what_cannot_be_unpacked(self) -> None:
        (packed,) = read(samples.of_outlook(b"\x78\x9f\x3e\x22 broken")).attachments
        assert packed.name == "winmail.dat"

    def test_makes_up_an_id_that_is_the_same_again(self) -> None:
        nameless = samples.GMAIL.replace(b"Message-ID: <abc-1@hopper.example>\r\n", b"")
        assert read(nameless).message_id == read(nameless).message_id != read(samples.GMAIL).message_id

    def test_cleans_what_no_screen_should_see(self) -> None:
        raw = samples.mail("a\x00b\x07c\n\n\n\n\nd\n")
        assert read(raw).text == "abc\n\nd"

    @pytest.mark.parametrize(
        "head",
        [
            samples.HEAD.replace("From: Grace Hopper <Grace@Hopper.example>\n", ""),
            samples.HEAD.replace("From: Grace Hopper <Grace@Hopper.example>", "From: a@b.example, c@d.example"),
            samples.HEAD.replace("From: Grace Hopper <Grace@Hopper.example>", "From: nobody"),
            samples.HEAD + "From: another@hopper.example\n",
        ],
    )
    def test_refuses_mail_that_is_not_from_one(self, head: str) -> None:
        with pytest.raises(Unreadable, match="from one address"):
            read(samples.mail("x\n", head=head))

    @pytest.mark.parametrize(
        "raw",
        [
            samples.many_parts(parsing.MOST_PARTS + 1),
            samples.nested(parsing.MOST_DEPTH + 2),
            samples.mail("x\n", X_Long="y" * (parsing.MOST_HEADER_BYTES + 1)),
        ],
        ids=["parts", "depth", "headers"],
    )
    def test_refuses_what_is_made_to_be_expensive(self, raw: bytes) -> None:
        with pytest.raises(Unreadable):
            read(raw)

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\r\n",
            b"\x00\xff" * 100,
            b"From: a@b.example\r\nContent-Type: multipart/mixed\r\n\r\nx",
            samples.GMAIL[:400],
        ],
    )
    def test_comes_to_an_end_with_anything(self, raw: bytes) -> None:
        with suppress(Unreadable):
            assert isinstance(read(raw).text, str)

    def test_refuses_what_ends_a_line_for_some_readers_alone(self) -> None:
        with pytest.raises(Unreadable, match="not put together"):
            read(samples.APPLE.replace(b"Subject:", b"X: y\rFrom: evil@b.example\r\nSubject:", 1))
