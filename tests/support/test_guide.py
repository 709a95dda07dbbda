"""The guide for the platform's people says what the code does."""

import re

import pytest

from app.auth.permissions import Permission, permissions_of
from app.auth.roles import Role
from app.support.desk_schemas import RecentTrouble
from app.tickets.lifecycle import FOLLOWERS, TicketStatus
from tests.docs.markdown import ROOT

GUIDE = (ROOT / "docs/help/platform.md").read_text()
ROLES = [role for role in Role if role.is_platform]
_ROWS = [line.strip("|").split("|") for line in GUIDE.splitlines() if re.match(r"\| [^|]*\(`\w+:\w+`", line)]
MAY = {
    Permission(name): [bool(cell.strip()) for cell in cells]
    for first, *cells in _ROWS
    for name in re.findall(r"`(\w+:\w+)`", first)
}


class TestPlatformGuide:
    def test_tells_of_every_permission_of_the_platform(self) -> None:
        assert MAY.keys() == {permission for role in ROLES for permission in permissions_of(role)}

    @pytest.mark.parametrize("permission", MAY)
    def test_gives_it_to_the_roles_that_have_it(self, permission: Permission) -> None:
        assert MAY[permission] == [permission in permissions_of(role) for role in ROLES]

    def test_has_the_life_of_a_ticket(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| (`.+`) \|$", GUIDE, re.MULTILINE)
        followers = {status: set(re.findall(r"`(\w+)`", cell)) for status, cell in rows}
        assert followers == {status.value: {each.value for each in FOLLOWERS[status]} for status in TicketStatus}

    def test_names_every_kind_of_trouble(self) -> None:
        kinds = RecentTrouble.model_json_schema()["properties"]["kind"]["enum"]
        assert [kind for kind in kinds if f"| `{kind}` |" not in GUIDE] == []
