"""Which names can be brought."""

import pytest

from app.domains.hostnames import normalize, unicode_of
from app.errors import InvalidValue

ROOT = "smooth.example"


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("book.example.com", "book.example.com"),
        ("BOOK.Example.COM.", "book.example.com"),
        ("example.com", "example.com"),
        ("friseur-müller.de", "xn--friseur-mller-4ob.de"),
        ("ÄRZTE.example", "xn--rzte-koa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("book.example.com:8443", "book.example.com"),
        ("notsmooth.example.com", "notsmooth.example.com"),
    ],
)
def test_a_name_is_taken_as_it_is_looked_up(given: str, host: str) -> None:
    assert normalize(given, root_domain=ROOT) == host


@pytest.mark.parametrize(
    "given",
    [
        "localhost",
        "salon",
        "printer.local",
        "db.internal",
        "192.0.2.1",
        "[2001:db8::1]",
        "*.example.com",
        "-a.example.com",
        "a_b.example.com",
        "a..example.com",
        f"{'a' * 64}.example.com",
        f"{'a.' * 120}example.com",
        "https://example.com/",
        "smooth.example",
        "demo.smooth.example",
        "a.b.SMOOTH.example.",
    ],
)
def test_what_is_no_name_or_the_platforms_is_refused(given: str) -> None:
    with pytest.raises(InvalidValue):
        normalize(given, root_domain=ROOT)


def test_a_name_is_shown_in_its_own_alphabet() -> None:
    assert unicode_of("xn--friseur-mller-4ob.de") == "friseur-müller.de"
