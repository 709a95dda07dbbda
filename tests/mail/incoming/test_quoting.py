"""What somebody has written anew."""

import pytest

from app.mail.incoming.parsing import read
from app.mail.incoming.quoting import cut
from app.mail.rendering import REPLY_MARKER
from tests.mail.incoming import samples

ABOVE = "Yes, please.\n\n"


class TestCut:
    @pytest.mark.parametrize(
        ("raw", "new"),
        [
            (samples.GMAIL, "Four is fine, thank you!"),
            (samples.OUTLOOK, "Four is fine.\n\nGrace"),
            (samples.APPLE, "Vier passt."),
        ],
    )
    def test_leaves_out_what_programs_add(self, raw: bytes, new: str) -> None:
        assert cut(read(raw).text, marker=REPLY_MARKER) == new

    @pytest.mark.parametrize(
        "introduction",
        [
            "On Mon, Nov 23, 2026 at 9:12 AM Salon Sol <a@b.example> wrote:",
            "Am Mo., 23. Nov. 2026 um 09:12 Uhr schrieb Salon Sol <a@b.example>:",
            "Le lun. 23 nov. 2026 à 09:12, Salon Sol <a@b.example> a écrit :",
            "El lun, 23 nov 2026 a las 9:12, Salon Sol (<a@b.example>) escribió:",
            "Il giorno lun 23 nov 2026 alle ore 09:12 Salon Sol <a@b.example> ha scritto:",
            "-----Original Message-----",
        ],
    )
    def test_knows_how_mails_are_introduced(self, introduction: str) -> None:
        assert cut(f"{ABOVE}{introduction}\n> Come by at four.\n> Ada\n", marker=REPLY_MARKER) == "Yes, please."

    def test_ends_at_our_marker_whatever_quotes_it(self) -> None:
        text = f"{ABOVE}Salon Sol, 23/11:\n| {REPLY_MARKER}\n| Come by at four."
        assert cut(text, marker=REPLY_MARKER).startswith("Yes, please.")
        assert "four" not in cut(text, marker=REPLY_MARKER)

    def test_leaves_whole_what_is_answered_between_the_lines(self) -> None:
        text = "On Monday Ada wrote:\n> Is four fine?\nYes.\n> And the colour?\nRed.\n"
        assert cut(text, marker=REPLY_MARKER) == text.strip()

    @pytest.mark.parametrize("signature", ["-- \nGrace\n+49 30 1234567", "Sent from my iPhone"])
    def test_leaves_out_signatures(self, signature: str) -> None:
        assert cut(f"Yes, please.\n\n{signature}\n", marker=REPLY_MARKER) == "Yes, please."

    @pytest.mark.parametrize("text", ["> only a quotation", "-- \nonly a signature", "x"])
    def test_leaves_something_where_there_is_something(self, text: str) -> None:
        assert cut(text, marker=REPLY_MARKER)

    def test_leaves_nothing_of_nothing(self) -> None:
        assert cut("", marker=REPLY_MARKER) == ""

    def test_cuts_nothing_that_no_program_has_quoted(self) -> None:
        text = "Please move my trip:\n\nFrom: Berlin\nTo: Paris\n\nThank you."
        assert cut(text, marker=REPLY_MARKER) == text

    def test_leaves_whole_what_is_answered_below_a_quoted_marker(self) -> None:
        text = f"On Monday Ada wrote:\n> {REPLY_MARKER}\n> Is four fine?\nYes.\n> And the colour?\nRed.\n"
        assert cut(text, marker=REPLY_MARKER) == text.strip()
