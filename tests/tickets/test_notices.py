"""Who hears of what happens to a ticket."""

from tests.tickets.conftest import TICKETS, Desk
from tests.tickets.test_working import act, told


class TestNotices:
    async def test_of_being_given_a_ticket(self, desk: Desk) -> None:
        member = await desk.member("tickets_own")
        made = await desk.opened(assignee_id=member.id)
        (notice,) = await told(member.client, "ticket_assigned")
        assert (notice["data"]["ticket_id"], notice["data"]["number"]) == (made["id"], made["number"])
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"priority": "high"})
        assert len(await told(member.client, "ticket_assigned")) == 1

    async def test_of_what_is_said_to_everybody_but_who_says_it(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        member, follower = await desk.member("tickets_manage"), await desk.member("tickets_own")
        made = await desk.opened(guest.client)
        (opened,) = await told(desk.business.owner, "ticket_news")
        assert (opened["data"]["what"], opened["link"]) == ("opened", f"{TICKETS}/{made['id']}")
        body = {"assignee_id": member.id, "follower_ids": [follower.id]}
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json=body)
        await desk.say(made, member.client, "Come by at four.")
        assert [each["data"]["what"] for each in await told(guest.client, "ticket_news")] == ["replied"]
        assert [each["data"]["what"] for each in await told(follower.client, "ticket_news")] == ["replied"]
        assert await told(member.client, "ticket_news") == []
        await desk.say(made, follower.client, "canary-note", kind="note")
        assert [each["count"] for each in await told(guest.client, "ticket_news")] == [1]  # of a note no customer hears
        assert [each["data"]["what"] for each in await told(member.client, "ticket_news")] == ["noted"]

    async def test_of_a_customer_who_closes_a_ticket_or_opens_it_once_more(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_own")
        made = await desk.opened(guest.client)
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"assignee_id": member.id})
        for status, what in (("closed", "closed"), ("open", "reopened")):
            assert (await act(desk, made, "/status", {"status": status}, client=guest.client)).status_code == 200
            assert (await told(member.client, "ticket_news"))[0]["data"]["what"] == what
        assert await told(guest.client, "ticket_news") == []

    async def test_of_a_ticket_whose_assignee_sees_none_any_more_go_to_the_owners(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_own")
        made = await desk.opened(guest.client)
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"assignee_id": member.id})
        await desk.business.owner.post("/api/v1/notifications/read-all")
        await desk.business.owner.patch(f"/api/v1/staff/{member.id}", json={"areas": []})
        await desk.say(made, guest.client, "Are you there?")
        assert (await told(desk.business.owner, "ticket_news"))[0]["data"]["what"] == "replied"
