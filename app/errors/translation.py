"""Sentences in the language of whoever reads them. The one place that knows Babel."""

from functools import cache, lru_cache
from pathlib import Path

from babel import negotiate_locale
from babel.messages.pofile import read_po

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es", "fr", "de")
"""English is that of the code; of each of the others there is a catalogue in `locales`."""

CATALOGUES = Path(__file__).with_name("locales")


_LONGEST_HEADER = 200  # what is looked at: more than any browser sends


def negotiate(accepted: str) -> str:
    """The language that suits an `Accept-Language` best: Spanish for `es-MX`, English where it names none of ours."""
    return _negotiate(accepted[:_LONGEST_HEADER]) if accepted else ENGLISH


@lru_cache(maxsize=256)
def _negotiate(accepted: str) -> str:
    weighed = [_weighed(each) for each in accepted.split(",")]
    wanted = sorted((each for each in weighed if each[1] > 0), key=lambda each: each[1], reverse=True)
    return negotiate_locale([name for name, _ in wanted], LANGUAGES, sep="-") or ENGLISH


def translate(sentence: str, language: str) -> str:
    """A sentence of ours, or its template, in that language; in English where the catalogue does not have it."""
    return sentence if language == ENGLISH else catalogue(language).get(sentence, sentence)


@cache
def catalogue(language: str) -> dict[str, str]:
    """All translations into a language, by what they translate."""
    path = CATALOGUES / language / "LC_MESSAGES" / "problems.po"
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, language) if message.id}


def _weighed(part: str) -> tuple[str, float]:
    name, _, weight = part.lower().partition(";")
    try:
        return name.strip(), float(weight.partition("=")[2] or 1)
    except ValueError:
        return name.strip(), 0.0
