"""What mails say: each kind, as text and as HTML, in words that nobody's name can break."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args, get_type_hints

import pytest

from app.mail.branding import Brand, brand
from app.mail.messages import (
    AlreadyRegistered,
    EmailChanged,
    EmailChangeNew,
    EmailChangeOld,
    GrantGiven,
    Invitation,
    MailKind,
    Masqueraded,
    Message,
    NewDevice,
    NotificationDigest,
    PasswordChanged,
    PlatformTicketReplied,
    ResetPassword,
    SecondFactorChanged,
    SupportTicket,
    TicketNews,
    TicketReceived,
    TicketReplied,
    VerifyEmail,
    WebhookDisabled,
    WebhookFailing,
)
from app.mail.rendering import REPLY_MARKER, Content, render

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LINK = "https://salon.example.com/account/some-page#Abc_-123"
SALON = brand("Salon Sol", "#ffcc00", timezone="Europe/Berlin")
EVIL = "<script>alert(\"x\")</script> & 'Co'\r\nBcc: everybody@example.com"

EXAMPLES: list[Message] = [
    Invitation(inviter="Ada", link=LINK, expires_at=NOON),
    VerifyEmail(link=LINK, expires_at=NOON),
    AlreadyRegistered(address="https://salon.example.com"),
    ResetPassword(link=LINK, expires_at=NOON),
    PasswordChanged(at=NOON),
    EmailChangeOld(new_email="new@example.com", link=LINK, expires_at=NOON),
    EmailChangeNew(link=LINK, expires_at=NOON),
    EmailChanged(new_email="new@example.com", at=NOON),
    NewDevice(device="Firefox on Linux", place="Berlin, Germany", ip_address="192.0.2.1", at=NOON),
    SecondFactorChanged(change="totp_added", at=NOON),
    Masqueraded(actor="Sam Support", user="Olga Owner", reason="She asked why a slot is missing", at=NOON),
    GrantGiven(grantor="Olga Owner", permission="customers:write", reason="Holiday", expires_at=NOON),
    WebhookFailing(host="hooks.example.com", since=NOON, ends_at=NOON),
    WebhookDisabled(host="hooks.example.com", reason="The endpoint answered 410 Gone.", at=NOON),
    NotificationDigest(title="A ticket is yours", lines=("You look after #7 now: The bill",) * 2, more=3),
    TicketReceived(number=1042, ticket="My colour has faded", can_reply=False),
    TicketReplied("Ada", 1042, "My colour has faded", ("Come by", "", "at four."), can_reply=False),
    TicketNews("Grace", 1042, "My colour has faded", ("It was fine.",), "replied", can_reply=False),
    PlatformTicketReplied(
        number="47110815",
        subject="Bookings vanish",
        lines=("Which ones, please?",),
        address="https://salon.example.com",
    ),
    SupportTicket(
        number="47110815",
        subject="Bookings vanish",
        business="Salon Luna",
        change="opened",
        link="https://platform.example.com/admin/tickets/1",
    ),
]


def rendered(message: Message, *, name: str = "Grace Hopper", brand: Brand = SALON, locale: str = "en") -> Content:
    return render(message, name=name, brand=brand, locale=locale)


class Reader(HTMLParser):
    """The words and the elements of a page, as a browser would have them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: set[str] = set()
        self.links: list[str | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.kind)
class TestEachKind:
    def test_says_who_writes_to_whom_and_every_fact(self, message: Message) -> None:
        content = rendered(message)
        text, html = " ".join(content.text.split()), Reader(content.html).text
        for words in (text, html):
            assert "Hello Grace Hopper," in words
            assert "Salon Sol sent you this mail through Smooth Schedule." in words
            for field in fields(message):
                fact = getattr(message, field.name)
                if isinstance(fact, datetime):
                    assert "2026-11-24 13:00 (Europe/Berlin)" in words
                elif field.name not in {"change", "can_reply", "is_verified"}:
                    assert all(str(each) in words for each in (fact if isinstance(fact, tuple) else (fact,)))
        assert "{" not in content.subject + content.text

    def test_says_what_to_do_if_it_was_not_for_you(self, message: Message) -> None:
        assert re.search(r"If (that was not|you do not|you did not)", " ".join(rendered(message).text.split()))

    def test_is_told_by_the_platform_itself_where_no_business_writes(self, message: Message) -> None:
        content = rendered(message, brand=Brand())
        assert "Smooth Schedule sent you this mail. Nobody" in " ".join(content.text.split())

    def test_lets_no_name_become_html_or_a_second_line(self, message: Message) -> None:
        facts = {
            field.name: EVIL
            for field in fields(message)
            if isinstance(getattr(message, field.name), str) and field.name != "change"
        }
        evil = type(message)(**{field.name: getattr(message, field.name) for field in fields(message)} | facts)
        content = render(evil, name=EVIL, brand=brand(EVIL, None))
        assert content.subject.isprintable()
        assert "script" not in Reader(content.html).elements
        assert "&lt;script&gt;" in content.html

    def test_leads_where_the_text_leads(self, message: Message) -> None:
        content = rendered(message)
        links = Reader(content.html).links
        assert links == [line for line in content.text.splitlines() if line.startswith("https://")]
        assert len(links) == any(field.name in {"link", "address"} for field in fields(message))


class TestAnswers:
    def test_are_asked_for_only_where_somebody_reads_them(self) -> None:
        for can_reply in (True, False):
            content = rendered(TicketReplied("Ada", 1042, "The bill", ("Come by at four.",), can_reply=can_reply))
            words = " ".join(content.text.split())
            assert ("Nobody reads answers" in words) is not can_reply
            assert (REPLY_MARKER in words) is (REPLY_MARKER in content.html) is can_reply

    @pytest.mark.parametrize("is_verified", [True, False])
    def test_say_where_it_is_not_certain_who_has_written(self, *, is_verified: bool) -> None:
        news = TicketNews("Grace", 1, "The bill", ("Hello.",), "replied", can_reply=True, is_verified=is_verified)
        assert ("not certain" in " ".join(rendered(news).text.split())) is not is_verified

    def test_keep_the_lines_of_what_was_said(self) -> None:
        content = rendered(TicketReplied("Ada", 1, "The bill", ("Come by", "", "<b>at four</b>"), can_reply=True))
        assert "Come by\n\n<b>at four</b>\n" in content.text
        assert "Come by<br><br>&lt;b&gt;at four&lt;/b&gt;<br>" in content.html


class TestKinds:
    def test_all_have_an_example_here(self) -> None:
        assert [message.kind for message in EXAMPLES] == list(MailKind)

    @pytest.mark.parametrize("change", get_args(get_type_hints(SecondFactorChanged)["change"]))
    def test_of_a_second_factor_has_words_for_each_change(self, change: str) -> None:
        content = rendered(SecondFactorChanged(change=change, at=NOON))  # type: ignore[arg-type] # it is one of them
        assert re.search(r"(app|codes|passkey) (was|were|no longer)|removed your", content.text)

    def test_of_a_new_device_does_without_a_place(self) -> None:
        content = rendered(NewDevice(device="curl", place=None, ip_address=None, at=NOON))
        assert "Place: unknown\n" in content.text


class TestLanguage:
    @pytest.mark.parametrize("locale", ["fr", "de-AT", "../en", "", "EN/../en"])
    def test_falls_back_to_english(self, locale: str) -> None:
        assert rendered(PasswordChanged(NOON), locale=locale) == rendered(PasswordChanged(NOON))

    def test_is_that_of_the_business_unless_another_is_asked_for(self) -> None:
        content = render(PasswordChanged(NOON), name="Grace", brand=brand("Salon", None, locale="en-GB"))
        assert '<html lang="en">' in content.html


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


class TestBrand:
    def test_colours_the_button(self) -> None:
        html = rendered(VerifyEmail(LINK, NOON)).html
        assert "background:#ffcc00;color:#000000" in html

    @pytest.mark.parametrize("color", ["red", "#fff", "#ffcc00;}", "url(x)", "#ffcc0g", ""])
    def test_puts_nothing_but_a_colour_into_a_style(self, color: str) -> None:
        assert brand("Salon", color).color == Brand().color

    @pytest.mark.parametrize("color", ["#000000", "#ffffff", "#3358d4", "#ffcc00", "#777777", "#747474", "#ff0000"])
    def test_writes_on_its_colour_so_that_it_can_be_read(self, color: str) -> None:
        dark, light = sorted(luminance(each) for each in (color, brand("Salon", color).on_color))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


class TestTextLayout:
    def test_breaks_lines_but_never_a_link(self) -> None:
        link = f"{LINK}{'x' * 200}"
        lines = rendered(ResetPassword(link, NOON)).text.splitlines()
        assert link in lines
        assert all(len(line) <= 76 for line in lines if line != link)

    def test_leaves_one_empty_line_between_paragraphs(self) -> None:
        for message in EXAMPLES:
            lines = rendered(message).text.rstrip().splitlines()
            assert not any(first == second == "" for first, second in pairwise(lines))
