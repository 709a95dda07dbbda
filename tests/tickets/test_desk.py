"""Tickets through the whole application."""

from datetime import timedelta
from typing import Any

import pytest

from app.auth.roles import Role
from app.core.clock import utcnow
from tests.actors import Business
from tests.scheduling.catalogue import add_resource, add_service
from tests.tickets.conftest import TICKETS, Desk


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


class TestOpenTicket:
    async def test_by_a_customer_is_about_them(self, desk: Desk) -> None:
        guest, customer = await desk.guest()
        made = await desk.opened(guest.client, category="Complaint")
        assert (made["number"], made["status"], made["priority"]) == (1, "open", "normal")
        assert (made["opened_by"], made["customer_id"], made["category"]) == ("customer", customer, "Complaint")
        assert await desk.heard(made, desk.business.owner) == [("customer", "It was fine on Monday.")]
        assert (await desk.opened())["number"] == 2

    async def test_by_the_staff_is_for_whom_they_say(self, desk: Desk) -> None:
        _, customer = await desk.guest()
        member = await desk.member("tickets_own")
        made = await desk.opened(customer_id=customer, priority="high", assignee_id=member.id)
        assert (made["opened_by"], made["customer_id"], made["priority"]) == ("staff", customer, "high")
        assert made["assignee_id"] == member.id

    async def test_by_a_customer_leaves_to_the_staff_what_is_theirs(self, desk: Desk) -> None:
        guest, customer = await desk.guest()
        body = {"subject": "s", "body": "b", "customer_id": customer, "priority": "urgent", "assignee_id": guest.id}
        refused = await guest.client.post(TICKETS, json=body)
        assert pointers(refused) == ["/customer_id", "/priority", "/assignee_id"]

    async def test_needs_a_record_of_the_customer(self, desk: Desk) -> None:
        stranger = await desk.crowd.add(Role.CUSTOMER, desk.business)
        refused = await stranger.client.post(TICKETS, json={"subject": "s", "body": "b"})
        assert refusal(refused) == (404, "customer-not-found")

    async def test_names_appointments_of_the_same_customer_alone(self, desk: Desk) -> None:
        (guest, customer), (other, _) = await desk.guest(), await desk.guest("Doris")
        appointment = await _booked(desk.business, customer)
        assert (await desk.opened(guest.client, appointment_id=appointment))["appointment_id"] == appointment
        body = {"subject": "s", "body": "b", "appointment_id": appointment}
        assert refusal(await other.client.post(TICKETS, json=body)) == (404, "appointment-not-found")
        assert pointers(await desk.business.owner.post(TICKETS, json=body)) == ["/appointment_id"]

    async def test_gives_nobody_work_who_does_not_work_here(self, desk: Desk, other_business: Business) -> None:
        stranger = await desk.crowd.add(Role.TENANT_STAFF, other_business)
        guest, _ = await desk.guest()
        for user in (stranger.id, guest.id):
            refused = await desk.business.owner.post(TICKETS, json={"subject": "s", "body": "b", "assignee_id": user})
            assert pointers(refused) == ["/assignee_id"]

    async def test_lets_only_who_manages_give_work(self, desk: Desk) -> None:
        member = await desk.member("tickets_all")
        body = {"subject": "s", "body": "b", "assignee_id": member.id}
        assert refusal(await member.client.post(TICKETS, json=body)) == (403, "permission-denied")


class TestWhoSeesATicket:
    async def test_a_customer_sees_the_own_ones(self, desk: Desk) -> None:
        (guest, _), (other, _) = await desk.guest(), await desk.guest("Doris")
        own, theirs = await desk.opened(guest.client), await desk.opened(other.client)
        assert [each["id"] for each in (await guest.client.get(TICKETS)).json()["items"]] == [own["id"]]
        assert (await guest.client.get(f"{TICKETS}/counts")).json()["open"] == 1
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/messages", None),
            ("POST", "/messages", {"body": "Hello"}),
            ("POST", "/status", {"status": "closed"}),
        ):
            answer = await guest.client.request(method, f"{TICKETS}/{theirs['id']}{path}", json=body)
            assert refusal(answer) == (404, "ticket-not-found"), (method, path)

    async def test_a_member_of_staff_who_sees_none_is_given_none(self, desk: Desk) -> None:
        member, made = await desk.member(), await desk.opened()
        assert refusal(await member.client.get(TICKETS)) == (403, "permission-denied")
        for change in ({"assignee_id": member.id}, {"follower_ids": [member.id]}):
            answer = await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json=change)
            assert refusal(answer) == (422, "validation-failed")

    @pytest.mark.parametrize(
        ("areas", "sees"),
        [
            (["tickets_own"], {"opened", "assigned", "followed"}),
            (["tickets_all"], {"opened", "assigned", "followed", "strange"}),
            (["tickets_manage"], {"opened", "assigned", "followed", "strange"}),
        ],
    )
    async def test_a_member_of_staff_sees_what_the_owner_lets_them(
        self, desk: Desk, areas: list[str], sees: set[str]
    ) -> None:
        member = await desk.member(*areas)
        assigned = await desk.opened(subject="assigned", assignee_id=member.id)
        followed = await desk.opened(subject="followed")
        strange = await desk.opened(subject="strange")
        path = f"{TICKETS}/{followed['id']}"
        assert (await desk.business.owner.patch(path, json={"follower_ids": [member.id]})).status_code == 200
        await desk.opened(member.client, subject="opened")
        assert {each["subject"] for each in (await member.client.get(TICKETS)).json()["items"]} == sees
        answer = await member.client.get(f"{TICKETS}/{strange['id']}")
        assert answer.status_code == (200 if "strange" in sees else 404)
        changed = await member.client.patch(f"{TICKETS}/{assigned['id']}", json={"priority": "low"})
        assert changed.status_code == (200 if areas == ["tickets_manage"] else 403)

    async def test_nobody_sees_one_next_door_or_in_the_other_mode(self, desk: Desk, other_business: Business) -> None:
        made = await desk.opened()
        tester = await desk.business.client("tickets:read", "desk:read", mode="test")
        for client in (other_business.owner, tester):
            assert refusal(await client.get(f"{TICKETS}/{made['id']}")) == (404, "ticket-not-found")
            assert (await client.get(TICKETS)).json()["items"] == []


class TestAddTicketMessage:
    async def test_is_read_by_both_sides_in_order(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        answer = await desk.say(made, desk.business.owner, "Come by at four.")
        assert answer.status_code == 201, answer.text
        taken_up = answer.json()
        assert (taken_up["status"], taken_up["message"]["body"]) == ("in_progress", "Come by at four.")
        assert taken_up["first_responded_at"] == taken_up["message"]["created_at"]
        await desk.say(made, guest.client, "Thank you.")
        heard = [("customer", "It was fine on Monday."), ("staff", "Come by at four."), ("customer", "Thank you.")]
        assert await desk.heard(made, guest.client) == await desk.heard(made, desk.business.owner) == heard

    async def test_as_a_note_is_for_the_staff_alone(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        owner = desk.business.owner
        answer = await desk.say(made, owner, "canary-4711: a difficult one", kind="note")
        assert (answer.status_code, answer.json()["status"]) == (201, "open")
        assert answer.json()["first_responded_at"] is None
        assert len(await desk.heard(made, owner)) == 2
        assert await desk.heard(made, guest.client) == [("customer", "It was fine on Monday.")]
        for path in (f"{TICKETS}/{made['id']}", f"{TICKETS}/{made['id']}/messages", TICKETS):
            assert "canary-4711" not in (await guest.client.get(path)).text
        assert "canary-4711" not in (await owner.get("/api/v1/events", params={"limit": 100})).text
        refused = await desk.say(made, guest.client, "I note", kind="note")
        assert pointers(refused) == ["/kind"]

    async def test_of_a_customer_opens_again_what_was_over(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        for status in ("resolved", "closed"):
            answer = await desk.business.owner.post(f"{TICKETS}/{made['id']}/status", json={"status": status})
            assert answer.status_code == 200, answer.text
            assert answer.json()[f"{status}_at"] is not None
        answer = await desk.say(made, guest.client, "It has faded again.")
        assert (answer.json()["status"], answer.json()["closed_at"], answer.json()["resolved_at"]) == (
            "open",
            None,
            None,
        )


class TestSetTicketStatus:
    async def test_of_a_customer_is_closed_or_open(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        path = f"{TICKETS}/{made['id']}/status"
        assert pointers(await guest.client.post(path, json={"status": "resolved"})) == ["/status"]
        assert (await guest.client.post(path, json={"status": "closed"})).json()["status"] == "closed"
        assert (await guest.client.post(path, json={"status": "open"})).json()["status"] == "open"

    async def test_refuses_what_cannot_follow(self, desk: Desk) -> None:
        made = await desk.opened()
        path = f"{TICKETS}/{made['id']}/status"
        await desk.business.owner.post(path, json={"status": "closed"})
        refused = await desk.business.owner.post(path, json={"status": "waiting"})
        assert refusal(refused) == (409, "invalid-transition")
        assert refused.json()["params"] == {"status": "closed", "followers": ["open"]}

    async def test_holds_to_the_revision(self, desk: Desk) -> None:
        made = await desk.opened()
        path, owner = f"{TICKETS}/{made['id']}", desk.business.owner
        changed = await owner.patch(path, json={"category": "Bills"}, headers={"If-Match": '"1"'})
        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        stale = await owner.post(f"{path}/status", json={"status": "closed"}, headers={"If-Match": '"1"'})
        assert refusal(stale) == (412, "revision-stale")


class TestUpdateTicket:
    async def test_is_about_whom_and_what_there_is(self, desk: Desk, other_business: Business) -> None:
        (_, customer), (_, other) = await desk.guest(), await desk.guest("Doris")
        stranger = await other_business.make("/customers", {"name": "Eve"})
        appointment = await _booked(desk.business, customer)
        path = f"{TICKETS}/{(await desk.opened(customer_id=other))['id']}"
        owner = desk.business.owner
        for change, expected in (
            ({"appointment_id": stranger["id"]}, (404, "appointment-not-found")),
            ({"customer_id": stranger["id"]}, (404, "customer-not-found")),
            ({"appointment_id": appointment}, (422, "validation-failed")),
        ):
            assert refusal(await owner.patch(path, json=change)) == expected
        changed = await owner.patch(path, json={"customer_id": customer, "appointment_id": appointment})
        assert (changed.status_code, changed.json()["appointment_id"]) == (200, appointment)
        cleared = await owner.patch(path, json={"customer_id": None, "appointment_id": None})
        assert (cleared.json()["customer_id"], cleared.json()["appointment_id"]) == (None, None)
        assert cleared.json()["revision"] == 3


class TestListTickets:
    async def test_finds_by_what_it_is_about(self, desk: Desk) -> None:
        _, customer = await desk.guest()
        member = await desk.member("tickets_own")
        bill = await desk.opened(subject="The bill", category="Bills", priority="low", customer_id=customer)
        colour = await desk.opened(subject="The colour", assignee_id=member.id)
        await desk.business.owner.post(f"{TICKETS}/{colour['id']}/status", json={"status": "waiting"})

        async def found(**query: str) -> list[str]:
            answer = await desk.business.owner.get(TICKETS, params=query)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found(sort="number") == [bill["id"], colour["id"]]
        for query in ({"q": "bill"}, {"category": "Bills"}, {"priority": "low"}, {"customer_id": customer}):
            assert await found(**query) == [bill["id"]], query
        assert await found(status="waiting") == await found(assignee_id=member.id) == [colour["id"]]
        assert set(await found(status="open,waiting")) == {bill["id"], colour["id"]}
        counts = (await desk.business.owner.get(f"{TICKETS}/counts")).json()
        assert counts == {"open": 1, "in_progress": 0, "waiting": 1, "resolved": 0, "closed": 0}


async def _booked(business: Business, customer: str) -> str:
    resource = await add_resource(business)
    weekly = [{"weekday": weekday, "start": "00:00", "end": "00:00"} for weekday in range(1, 8)]
    path = f"/api/v1/resources/{resource['id']}/schedule"
    await business.owner.put(path, json={"timezone": "UTC", "weekly": weekly})
    service = await add_service(business, [resource["id"]])
    now = utcnow().replace(microsecond=0)
    days = {"service_id": service["id"], "start": now.isoformat(), "end": (now + timedelta(days=2)).isoformat()}
    slots = (await business.owner.get("/api/v1/availability", params=days)).json()["slots"]
    body = {"service_id": service["id"], "customer_id": customer, "start": slots[0]["start"]}
    return str((await business.make("/appointments", body))["id"])
