"""What can follow what in a ticket's life, as a table."""

import re

import pytest

from app.errors import InvalidTransition
from app.tickets.lifecycle import FOLLOWERS, TicketStatus, after_reply, check_transition
from tests.docs.markdown import ROOT

_STATUSES = "open in_progress waiting resolved closed"
_CAN_FOLLOW = {
    #                 open  in_progress waiting resolved closed
    "open": "         -     yes         yes     yes      yes",
    "in_progress": "  yes   -           yes     yes      yes",
    "waiting": "      -     yes         -       yes      yes",
    "resolved": "     yes   -           -       -        yes",
    "closed": "       yes   -           -       -        -",
}
_AFTER_REPLY = {
    #                 by a customer  by the staff
    "open": "         open           in_progress",
    "in_progress": "  in_progress    in_progress",
    "waiting": "      in_progress    waiting",
    "resolved": "     open           resolved",
    "closed": "       open           closed",
}


@pytest.mark.parametrize("status", _CAN_FOLLOW)
def test_each_status_can_be_followed_as_the_table_says(status: str) -> None:
    for to, cell in zip(_STATUSES.split(), _CAN_FOLLOW[status].split(), strict=True):
        try:
            check_transition(TicketStatus(status), TicketStatus(to))
        except InvalidTransition:
            assert cell == "-", (status, to)
        else:
            assert cell == "yes", (status, to)


def test_the_page_says_the_same() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (`.+`) \|$", (ROOT / "docs/help/tickets.md").read_text(), re.MULTILINE)
    followers = {status: set(re.findall(r"`(\w+)`", cell)) for status, cell in rows}
    assert followers == {status.value: {each.value for each in FOLLOWERS[status]} for status in TicketStatus}


@pytest.mark.parametrize("status", _AFTER_REPLY)
def test_a_reply_leads_where_the_table_says(status: str) -> None:
    after = [after_reply(TicketStatus(status), by_customer=by_customer) for by_customer in (True, False)]
    assert after == _AFTER_REPLY[status].split()
