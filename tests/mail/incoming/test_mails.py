"""Mails as they came over the wire, byte for byte."""

import pytest

from app.mail.incoming.automatic import reason_to_refuse
from app.mail.incoming.parsing import read
from app.mail.incoming.quoting import cut
from tests.docs.markdown import ROOT

MAILS = ROOT / "tests" / "mail" / "incoming" / "mails"
MARKER = "## Please write above this line ##"
NEW = {
    "apple": "Parfait, à jeudi.",
    "cut_off": "Here it is.",
    "delsp": "See https://example.com/a/very/long/address/that/goes/on for more.",
    "gmail": "Yes, Thursday at ten suits me. Is the café open?\n\nGrace",
    "japanese": "木曜日に伺います。",
    "mislabelled": "50 \u20ac f\u00fcr \u201ealles\u201c \u2013 gern.",
    "nested": "See the mail below.",
    "outlook": "Guten Tag,\n\nf\u00fcr 50 \u20ac komme ich \u2013 gern.\n\n1. Foto",
    "undeclared": "Un caf\u00e9, s\u2019il vous pla\u00eet.",
    "unknown_charset": "naïve",
    "winmail": "Gr\u00fc\u00dfe aus Outlook \u2013 5 \u20ac",
}
FILES = {
    "apple": ["IMG_0001.png", "notes.txt"],
    "cut_off": ["photo.png"],
    "nested": ["now.eml"],
    "outlook": ["image001.png"],
    "winmail": ["Übersicht 2025.pdf"],
}
OF_MACHINES = {"bounce", "mailing_list", "vacation"}


class TestMails:
    @pytest.mark.parametrize(("name", "new"), NEW.items(), ids=list(NEW))
    def test_say_what_is_new_in_them(self, name: str, new: str) -> None:
        incoming = read((MAILS / f"{name}.eml").read_bytes())
        assert cut(incoming.text, marker=MARKER) == new
        assert [each.name for each in incoming.attachments] == FILES.get(name, [])

    def test_that_answer_between_the_lines_stay_whole(self) -> None:
        text = read((MAILS / "thunderbird.eml").read_bytes()).text
        assert "Thursday is fine, but I should like to come a little later than you said." in text
        assert text.startswith(cut(text, marker=MARKER))

    def test_have_no_files_with_names_that_lead_elsewhere(self) -> None:
        names = [each.name for each in read((MAILS / "names.eml").read_bytes()).attachments]
        assert len(names) > 5
        assert not [name for name in names if {"/", "\\", "\0"} & set(name) or not name.isprintable()]
        assert max(map(len, names)) <= 200

    @pytest.mark.parametrize("name", sorted(path.stem for path in MAILS.glob("*.eml")))
    def test_are_of_people_or_of_machines(self, name: str) -> None:
        incoming = read((MAILS / f"{name}.eml").read_bytes())
        reason = reason_to_refuse(incoming, envelope_sender="somebody@example.com", own_domains=[])
        assert (reason is not None) is (name in OF_MACHINES)
