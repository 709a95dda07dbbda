"""Who looks at a ticket, and who is writing."""

import pytest

from app.core.ids import uuid7
from app.live import room
from app.live.room import Room, Sign
from app.tickets.access import CUSTOMER, STAFF
from tests.live.listening import Connect
from tests.tickets.conftest import Desk

NAME = "Pat Person"
OWNER = "Olga Owner"
NOBODY_NAMED = [{"user_id": None, "name": None, "side": "staff"}]


class TestPresence:
    async def test_staff_see_each_other_look_and_write(self, desk: Desk, connect: Connect) -> None:
        member = await desk.member("tickets_all")
        ticket = await desk.opened()
        topic = f"ticket:{ticket['id']}"
        async with connect(desk.business.owner, topics=topic) as owner:
            await owner.seen(viewing=[OWNER], typing=[])
            async with connect(member.client, topics=topic) as ear:
                await owner.seen(viewing=[OWNER, NAME], typing=[])
                await ear.seen(viewing=[OWNER, NAME])
                await ear.say("typing", ticket_id=ticket["id"])
                assert (await owner.seen(typing=[NAME]))["typing"][0]["user_id"] == member.id
                await ear.say("typing", ticket_id=ticket["id"], typing=False)
                await owner.seen(typing=[])
            await owner.seen(viewing=[OWNER])

    async def test_customers_see_that_somebody_writes_to_them_and_no_more(self, desk: Desk, connect: Connect) -> None:
        guest, _ = await desk.guest()
        ticket = await desk.opened(guest.client)
        topic = f"ticket:{ticket['id']}"
        async with connect(guest.client, topics=topic) as ear, connect(desk.business.owner, topics=topic) as owner:
            assert (await ear.seen(viewing=[]))["viewing"] == []
            await owner.seen(viewing=[OWNER, NAME])
            await owner.say("typing", ticket_id=ticket["id"], kind="note")
            await owner.seen(typing=[OWNER])
            await owner.say("typing", ticket_id=ticket["id"], typing=False)
            await owner.seen(typing=[])
            await owner.say("typing", ticket_id=ticket["id"])
            told = await ear.next()  # of the note there was no word
            assert told["data"] == {"viewing": [], "typing": NOBODY_NAMED}
            await ear.say("typing", ticket_id=ticket["id"])
            await owner.seen(typing=[OWNER, NAME])

    async def test_a_second_tab_that_closes_changes_nothing(self, desk: Desk, connect: Connect) -> None:
        ticket = await desk.opened()
        topic = f"ticket:{ticket['id']}"
        async with connect(desk.business.owner, topics=topic) as owner:
            await owner.seen(viewing=[OWNER])
            async with connect(desk.business.owner, topics=topic) as tab:
                await tab.seen(viewing=[OWNER])
            await owner.say("typing", ticket_id=ticket["id"])
            told = await owner.until("ticket.presence")
            assert [each["name"] for each in told["data"]["viewing"]] == [OWNER]
            await owner.say("unsubscribe", topics=[topic])
            await owner.until("unsubscribed")

    async def test_nobody_writes_where_they_do_not_look(self, desk: Desk, connect: Connect) -> None:
        ticket = await desk.opened()
        async with connect(desk.business.owner) as ear:
            await ear.say("typing", ticket_id=ticket["id"])
            assert await ear.subscribe("tickets") == ["tickets"]


class TestRoom:
    def test_whoever_vanishes_is_gone_after_a_few_seconds(self) -> None:
        seen = Room()
        sign = Sign(uuid7(), "Ada", STAFF)
        seen.see(sign, now=100.0)
        assert _names(seen, now=100.0 + room.VIEWING_SECONDS - 0.1) == ["Ada"]
        assert _names(seen, now=100.0 + room.VIEWING_SECONDS) == []
        seen.see(sign, now=200.0)
        seen.see(sign, now=205.0)
        assert _names(seen, now=212.0) == ["Ada"]

    @pytest.mark.parametrize(("is_note", "told"), [(False, NOBODY_NAMED), (True, [])])
    def test_customers_are_told_of_replies_alone(self, *, is_note: bool, told: list[object]) -> None:
        seen = Room()
        seen.see(Sign(uuid7(), "Ada", STAFF, is_typing=True, is_note=is_note), now=100.0)
        assert seen.as_seen_by(CUSTOMER, 101.0) == {"viewing": [], "typing": told}
        assert seen.as_seen_by(CUSTOMER, 100.0 + room.TYPING_SECONDS) == {"viewing": [], "typing": []}

    def test_a_customer_is_not_told_of_themselves(self) -> None:
        seen = Room()
        seen.see(Sign(uuid7(), "Clara", CUSTOMER, is_typing=True), now=100.0)
        assert seen.as_seen_by(CUSTOMER, 101.0) == {"viewing": [], "typing": []}

    def test_a_sign_of_looking_does_not_end_the_writing(self) -> None:
        seen, user_id = Room(), uuid7()
        seen.see(Sign(user_id, "Ada", STAFF, is_typing=True), now=100.0)
        seen.see(Sign(user_id, "Ada", STAFF), now=101.0)
        assert len(seen.as_seen_by(STAFF, 102.0)["typing"]) == 1

    def test_whoever_leaves_is_gone_at_once(self) -> None:
        seen, user_id = Room(), uuid7()
        seen.see(Sign(user_id, "Ada", STAFF), now=100.0)
        seen.see(Sign(user_id, "Ada", STAFF, is_viewing=False), now=101.0)
        assert _names(seen, now=101.0) == []


def _names(seen: Room, *, now: float) -> list[str]:
    return [each["name"] for each in seen.as_seen_by(STAFF, now)["viewing"]]
