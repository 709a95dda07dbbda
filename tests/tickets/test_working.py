"""What the people at a desk work with, through the whole application."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.core.clock import utcnow
from app.tenancy.mode import Mode
from app.tickets import tending
from tests.actors import Business
from tests.tickets.conftest import TICKETS, Desk
from tests.tickets.test_desk import pointers, refusal

SETTINGS = "/api/v1/desk/settings"
REPLIES = "/api/v1/canned-replies"
VIEWS = "/api/v1/ticket-views"
OFFICE_HOURS = [{"weekday": weekday, "start": "09:00", "end": "17:00"} for weekday in range(1, 6)]
PROMISES = {"normal": {"first_response_minutes": 30, "resolution_minutes": 240}}


async def found(client: Any, **query: Any) -> list[str]:
    """The subjects of what the caller finds."""
    answer = await client.get(TICKETS, params={"sort": "number"} | query)
    assert answer.status_code == 200, answer.text
    return [each["subject"] for each in answer.json()["items"]]


async def act(desk: Desk, ticket: dict[str, Any], path: str, body: Any = None, **more: Any) -> Any:
    client, method = more.get("client", desk.business.owner), more.get("method", "POST")
    return await client.request(method, f"{TICKETS}/{ticket['id']}{path}", json=body)


async def tend(app: FastAPI, desk: Desk, *, after: timedelta) -> None:
    """Have the sweeper come by some time later."""
    tenant = await app.state.hosts.require(UUID(desk.business.id), now=utcnow())
    async with app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        await tending.close_resolved(session, now=utcnow() + after, most=10)
        await tending.tell_overdue(session, tenant, Mode.LIVE, now=utcnow() + after, most=10)


async def told(person: Any, kind: str) -> list[dict[str, Any]]:
    answer = await person.get("/api/v1/notifications", params={"kind": kind})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestDeskSettings:
    async def test_promise_nothing_at_first(self, desk: Desk) -> None:
        read = (await desk.business.owner.get(SETTINGS)).json()
        assert read == {"hours": [], "closed_on": [], "targets": {}, "auto_close_days": 7, "updated_at": None}

    async def test_are_changed_one_by_one_and_audited(self, desk: Desk) -> None:
        owner = desk.business.owner
        changed = await owner.patch(SETTINGS, json={"hours": OFFICE_HOURS, "closed_on": ["2026-12-25", "2026-12-24"]})
        assert changed.json()["closed_on"] == ["2026-12-24", "2026-12-25"]
        read = (await owner.patch(SETTINGS, json={"auto_close_days": None, "targets": PROMISES})).json()
        assert (read["hours"], read["auto_close_days"], read["targets"]) == (OFFICE_HOURS, None, PROMISES)
        entries = (await owner.get("/api/v1/audit", params={"event": "desk.changed"})).json()["items"]
        assert [sorted(entry["diff"]) for entry in entries] == [["auto_close_days", "targets"], ["closed_on", "hours"]]

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"hours": [{"weekday": 8, "start": "09:00", "end": "17:00"}]}, "/hours/0/weekday"),
            ({"hours": [{"weekday": 1, "start": "9", "end": "17:00"}]}, "/hours/0/start"),
            ({"targets": {"someday": {}}}, "/targets/someday"),
            ({"targets": {"low": {"resolution_minutes": 0}}}, "/targets/low/resolution_minutes"),
            ({"auto_close_days": 0}, "/auto_close_days"),
            ({"closed_on": ["tomorrow"]}, "/closed_on/0"),
            ({"targets": None}, "/targets"),
        ],
    )
    async def test_refuse_what_makes_no_sense(self, desk: Desk, body: Any, pointer: str) -> None:
        assert pointer in pointers(await desk.business.owner.patch(SETTINGS, json=body))

    async def test_say_by_when_a_ticket_is_due(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        owner = desk.business.owner
        await owner.patch(SETTINGS, json={"targets": PROMISES})
        made = await desk.opened(guest.client)
        assert (made["first_response_due_at"], made["resolution_due_at"]) == (None, None)  # not the customer's business
        seen = await desk.read(made)
        opened = datetime.fromisoformat(seen["created_at"])
        assert datetime.fromisoformat(seen["first_response_due_at"]) == opened + timedelta(minutes=30)
        assert datetime.fromisoformat(seen["resolution_due_at"]) == opened + timedelta(minutes=240)
        assert (await act(desk, made, "/status", {"status": "waiting"})).json()["resolution_due_at"] is None
        answered = (await desk.say(made, guest.client, "Here is the bill.")).json()
        assert (answered["status"], answered["resolution_due_at"]) == ("in_progress", None)
        assert (await desk.read(made))["resolution_due_at"] is not None

    async def test_tell_once_of_what_is_overdue(self, app: FastAPI, desk: Desk) -> None:
        member = await desk.member("tickets_own")
        owner = desk.business.owner
        await owner.patch(SETTINGS, json={"targets": PROMISES})
        late = await desk.opened(subject="late", assignee_id=member.id)
        await owner.patch(SETTINGS, json={"targets": {}})
        await desk.opened(subject="in time")
        for _ in range(2):
            await tend(app, desk, after=timedelta(hours=5))
        (notice,) = await told(member.client, "ticket_overdue")
        assert (notice["data"]["subject"], notice["link"]) == ("late", f"{TICKETS}/{late['id']}")
        assert await told(owner, "ticket_overdue") == []
        assert await found(owner, overdue=True) == []  # by the clock on the wall it is not late yet
        assert await found(owner, overdue=False) == ["late", "in time"]

    async def test_tell_once_of_what_is_to_be_resolved_before_it_is_to_be_answered(
        self, app: FastAPI, desk: Desk
    ) -> None:
        targets = {"normal": {"first_response_minutes": 600, "resolution_minutes": 240}}
        await desk.business.owner.patch(SETTINGS, json={"targets": targets})
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        for hours in (5, 6, 7):
            await tend(app, desk, after=timedelta(hours=hours))
        told_at = (await desk.read(made))["revision"]
        assert told_at == made["revision"] + 1
        await tend(app, desk, after=timedelta(hours=11))  # now the answer is late as well
        await tend(app, desk, after=timedelta(hours=12))
        assert (await desk.read(made))["revision"] == told_at + 1

    async def test_close_what_has_been_resolved_for_long(self, app: FastAPI, desk: Desk) -> None:
        made, kept = await desk.opened(), await desk.opened()
        for each in (made, kept):
            await act(desk, each, "/status", {"status": "resolved"})
        await tend(app, desk, after=timedelta(days=6))
        assert (await desk.read(made))["status"] == "resolved"
        await desk.say(kept, desk.business.owner, "Still there?")
        await act(desk, kept, "/status", {"status": "open"})
        await tend(app, desk, after=timedelta(days=8))
        assert (await desk.read(made))["status"] == "closed"
        assert (await desk.read(kept))["status"] == "open"

    async def test_leave_closing_to_people_if_they_say_so(self, app: FastAPI, desk: Desk) -> None:
        await desk.business.owner.patch(SETTINGS, json={"auto_close_days": None})
        made = await desk.opened()
        await act(desk, made, "/status", {"status": "resolved"})
        await tend(app, desk, after=timedelta(days=300))
        assert (await desk.read(made))["status"] == "resolved"

    async def test_are_for_who_manages_tickets_to_change(self, desk: Desk) -> None:
        member, guest = await desk.member("tickets_all"), (await desk.guest())[0]
        assert (await member.client.get(SETTINGS)).status_code == 200
        assert refusal(await member.client.patch(SETTINGS, json={})) == (403, "permission-denied")
        assert refusal(await guest.client.get(SETTINGS)) == (403, "permission-denied")


class TestCannedReplies:
    async def test_are_filled_in_for_a_ticket(self, desk: Desk) -> None:
        _, customer = await desk.guest("Grace Hopper")
        body = "Hello {{customer.name}}, about #{{ ticket.number }} ({{ ticket.subject }}): {{ appointment.start }}?"
        reply = await desk.business.make("/canned-replies", {"title": "Sorry", "body": body})
        ticket = await desk.opened(customer_id=customer)
        text = (await act(desk, ticket, f"/canned-replies/{reply['id']}", method="GET")).json()
        words = f"Hello Grace Hopper, about #{ticket['number']} (My colour has faded): {{{{ appointment.start }}}}?"
        assert text == {"body": words, "missing": ["appointment.start"]}

    async def test_put_no_value_in_the_place_of_another(self, desk: Desk) -> None:
        reply = await desk.business.make("/canned-replies", {"title": "t", "body": "{{ ticket.subject }}"})
        ticket = await desk.opened(subject="{{ agent.name }}")
        text = (await act(desk, ticket, f"/canned-replies/{reply['id']}", method="GET")).json()
        assert text == {"body": "{{ agent.name }}", "missing": []}

    async def test_take_no_time_for_what_only_looks_like_a_variable(self, desk: Desk) -> None:
        body = {"title": "t", "body": "{{" + " " * 9_000 + "x"}
        assert (await desk.business.owner.post(REPLIES, json=body)).status_code == 201

    async def test_know_their_variables(self, desk: Desk) -> None:
        body = {"title": "t", "body": "Hello {{ customer.password }}"}
        refused = await desk.business.owner.post(REPLIES, json=body)
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/body", "variable")
        assert "customer.name" in error["detail"]

    async def test_are_found_changed_and_deleted(self, desk: Desk) -> None:
        owner = desk.business.owner
        reply = await desk.business.make(
            "/canned-replies", {"title": "Sorry", "body": "We are.", "category": "Complaint"}
        )
        await desk.business.make("/canned-replies", {"title": "Thanks", "body": "Thank you."})
        path = f"{REPLIES}/{reply['id']}"
        changed = await owner.patch(path, json={"body": "We are so sorry."})
        assert (changed.json()["title"], changed.json()["body"]) == ("Sorry", "We are so sorry.")
        for query in ({"q": "so sorry"}, {"category": "Complaint"}):
            listed = (await owner.get(REPLIES, params=query)).json()["items"]
            assert [each["title"] for each in listed] == ["Sorry"]
        assert (await owner.delete(path)).status_code == 204
        assert refusal(await owner.get(path)) == (404, "canned-reply-not-found")

    async def test_belong_to_one_business_and_mode(self, desk: Desk, other_business: Business) -> None:
        reply = await desk.business.make("/canned-replies", {"title": "t", "body": "b"})
        tester = await desk.business.client("desk:use", "desk:write", "tickets:read", mode="test")
        for client in (other_business.owner, tester):
            assert refusal(await client.get(f"{REPLIES}/{reply['id']}")) == (404, "canned-reply-not-found")
        theirs = await other_business.make("/tickets", {"subject": "s", "body": "b"})
        answer = await desk.business.owner.get(f"{TICKETS}/{theirs['id']}/canned-replies/{reply['id']}")
        assert refusal(answer) == (404, "ticket-not-found")


class TestTicketViews:
    async def test_show_what_they_say(self, desk: Desk) -> None:
        member = await desk.member("tickets_manage")
        await desk.opened(subject="mine", assignee_id=member.id)
        await desk.opened(subject="nobody's", priority="urgent")
        mine = await desk.business.make(
            "/ticket-views", {"name": "Mine", "criteria": {"mine": True}, "is_shared": True}
        )
        assert await found(member.client, view_id=mine["id"]) == ["mine"]
        assert await found(desk.business.owner, view_id=mine["id"]) == []
        free = {"status": ["open"], "unassigned": True, "priority": "urgent"}
        view = await desk.business.make("/ticket-views", {"name": "Free", "criteria": free})
        assert await found(desk.business.owner, view_id=view["id"]) == ["nobody's"]
        assert await found(desk.business.owner, view_id=view["id"], q="mine") == []

    async def test_are_the_own_ones_and_those_that_are_shared(self, desk: Desk) -> None:
        member, colleague = await desk.member("tickets_all"), await desk.member("tickets_all")
        make = desk.business.make
        own = await make("/ticket-views", {"name": "Own", "criteria": {}}, client=member.client)
        shared = await make("/ticket-views", {"name": "Shared", "criteria": {}, "is_shared": True})
        names = [each["name"] for each in (await member.client.get(VIEWS)).json()["items"]]
        assert names == ["Own", "Shared"]
        assert [each["name"] for each in (await colleague.client.get(VIEWS)).json()["items"]] == ["Shared"]
        for method in ("GET", "PATCH", "DELETE"):
            answer = await colleague.client.request(method, f"{VIEWS}/{own['id']}", json={"name": "Taken"})
            assert refusal(answer) == (404, "ticket-view-not-found"), method
        answer = await colleague.client.get(TICKETS, params={"view_id": own["id"]})
        assert refusal(answer) == (404, "ticket-view-not-found")
        for answer in (
            await member.client.patch(f"{VIEWS}/{shared['id']}", json={"name": "Ours"}),
            await member.client.delete(f"{VIEWS}/{shared['id']}"),
            await member.client.patch(f"{VIEWS}/{own['id']}", json={"is_shared": True}),
            await member.client.post(VIEWS, json={"name": "n", "criteria": {}, "is_shared": True}),
        ):
            assert refusal(answer) == (403, "permission-denied")
        assert (await member.client.delete(f"{VIEWS}/{own['id']}")).status_code == 204
        assert (await desk.business.owner.patch(f"{VIEWS}/{shared['id']}", json={"name": "Ours"})).status_code == 200


class TestFindTickets:
    async def test_by_what_was_said_and_by_number(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        first = await desk.opened(guest.client, subject="first", body="The dryer sounds like an aeroplane.")
        second = await desk.opened(guest.client, subject="second")
        await desk.say(second, desk.business.owner, "canary-0815 is difficult", kind="note")
        owner = desk.business.owner
        assert await found(owner, q="aeroplane dryer") == ["first"]
        assert await found(owner, q='"like an aeroplane"') == ["first"]
        assert await found(owner, q=f"#{second['number']}") == ["second"]
        assert await found(owner, q=str(first["number"])) == ["first"]
        assert await found(owner, q="canary-0815") == ["second"]
        assert await found(guest.client, q="canary-0815") == []  # no customer finds what they cannot read
        assert await found(guest.client, q="AEROPLANE") == ["first"]

    async def test_by_who_looks_after_them(self, desk: Desk) -> None:
        member = await desk.member("tickets_all")
        await desk.opened(subject="theirs", assignee_id=member.id)
        await desk.opened(subject="free")
        assert await found(member.client, mine=True) == ["theirs"]
        assert await found(member.client, unassigned=True) == ["free"]
        assert await found(member.client, unassigned=False) == ["theirs"]


class TestMergeTicket:
    async def test_moves_what_was_said_and_closes_the_first(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_own")
        one, other = await desk.opened(guest.client, body="First."), await desk.opened(guest.client, body="Second.")
        await act(desk, one, f"/followers/{member.id}", method="PUT")
        merged = (await act(desk, one, "/merge", {"into_id": other["id"]})).json()
        assert (merged["id"], merged["follower_ids"]) == (other["id"], [member.id])
        assert await desk.heard(other, guest.client) == [("customer", "First."), ("customer", "Second.")]
        assert len(await desk.heard(other, desk.business.owner)) == 3  # with the note about it
        gone = await desk.read(one, guest.client)
        assert (gone["status"], gone["merged_into_id"]) == ("closed", other["id"])
        assert await found(desk.business.owner, merged_into_id=other["id"]) == ["My colour has faded"]

    async def test_is_for_good(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        one, other = await desk.opened(guest.client), await desk.opened(guest.client)
        await act(desk, one, "/merge", {"into_id": other["id"]})
        for method, path, body in (
            ("POST", "/messages", {"body": "Hello?"}),
            ("POST", "/status", {"status": "open"}),
            ("PATCH", "", {"priority": "high"}),
            ("POST", "/merge", {"into_id": other["id"]}),
            ("PUT", f"/followers/{guest.id}", None),
        ):
            answer = await act(desk, one, path, body, method=method)
            assert refusal(answer) == (409, "ticket-merged"), (method, path)
            assert answer.json()["params"] == {"ticket_id": other["id"]}
        assert refusal(await act(desk, other, "/merge", {"into_id": one["id"]})) == (409, "ticket-merged")
        rated = await act(desk, one, "/rating", {"rating": 1}, client=guest.client, method="PUT")
        assert refusal(rated) == (409, "ticket-merged")

    async def test_keeps_open_what_was_not_over_and_the_first_answer(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        one, other = await desk.opened(guest.client), await desk.opened(guest.client)
        await desk.say(one, desk.business.owner, "We look into it.")
        await act(desk, other, "/status", {"status": "closed"})
        answered = (await desk.read(one))["first_responded_at"]
        merged = (await act(desk, one, "/merge", {"into_id": other["id"]})).json()
        assert (merged["status"], merged["first_responded_at"]) == ("open", answered)

    async def test_shows_no_customer_what_another_said(self, desk: Desk, other_business: Business) -> None:
        (guest, _), (other, _) = await desk.guest(), await desk.guest("Doris")
        one, theirs, internal = await desk.opened(guest.client), await desk.opened(other.client), await desk.opened()
        for into in (theirs, internal, one):
            assert pointers(await act(desk, one, "/merge", {"into_id": into["id"]})) == ["/into_id"]
        next_door = await other_business.make("/tickets", {"subject": "s", "body": "b"})
        answer = await act(desk, one, "/merge", {"into_id": next_door["id"]})
        assert refusal(answer) == (404, "ticket-not-found")
        assert refusal(await act(desk, one, "/merge", {"into_id": theirs["id"]}, client=guest.client))[0] == 403


class TestRateTicket:
    async def test_by_its_customer_once_it_is_over(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        early = await act(desk, made, "/rating", {"rating": 5}, client=guest.client, method="PUT")
        assert refusal(early) == (409, "invalid-transition")
        await act(desk, made, "/status", {"status": "resolved"})
        for rating, comment in ((2, "Slow."), (5, "")):
            body = {"rating": rating, "comment": comment}
            rated = await act(desk, made, "/rating", body, client=guest.client, method="PUT")
            assert (rated.json()["rating"], rated.json()["rating_comment"]) == (rating, comment)
        assert (await desk.read(made))["rated_at"] is not None

    async def test_by_nobody_else(self, desk: Desk) -> None:
        (guest, _), (other, _) = await desk.guest(), await desk.guest("Doris")
        made = await desk.opened(guest.client)
        await act(desk, made, "/status", {"status": "resolved"})
        assert pointers(await act(desk, made, "/rating", {"rating": 5}, method="PUT")) == ["/rating"]
        answer = await act(desk, made, "/rating", {"rating": 1}, client=other.client, method="PUT")
        assert refusal(answer) == (404, "ticket-not-found")
        for rating in (0, 6, "five", None):
            answer = await act(desk, made, "/rating", {"rating": rating}, client=guest.client, method="PUT")
            assert pointers(answer) == ["/rating"]


class TestFollowTicket:
    async def test_for_oneself_or_for_whom_one_manages(self, desk: Desk) -> None:
        member, colleague = await desk.member("tickets_all"), await desk.member("tickets_all")
        made = await desk.opened()
        for _ in range(2):
            own = await act(desk, made, f"/followers/{member.id}", client=member.client, method="PUT")
            assert own.json()["follower_ids"] == [member.id]
        assert own.json()["revision"] == made["revision"] + 1
        path = f"/followers/{colleague.id}"
        for method in ("PUT", "DELETE"):
            refused = await act(desk, made, path, client=member.client, method=method)
            assert refusal(refused) == (403, "permission-denied")
        assert (await act(desk, made, path, method="PUT")).json()["follower_ids"] == [member.id, colleague.id]
        assert (await act(desk, made, path, client=colleague.client, method="DELETE")).status_code == 204
        assert (await desk.read(made))["follower_ids"] == [member.id]
        assert refusal(await act(desk, made, path, method="DELETE")) == (404, "user-not-found")

    async def test_only_who_works_here_and_sees_it(self, desk: Desk, other_business: Business) -> None:
        guest, _ = await desk.guest()
        stranger = await desk.crowd.add(Role.TENANT_STAFF, other_business)
        made = await desk.opened()
        for user in (guest.id, stranger.id):
            assert refusal(await act(desk, made, f"/followers/{user}", method="PUT")) == (404, "user-not-found")
        member = await desk.member("tickets_own")
        answer = await act(desk, made, f"/followers/{member.id}", client=member.client, method="PUT")
        assert refusal(answer) == (404, "ticket-not-found")
        theirs = await act(desk, made, f"/followers/{guest.id}", client=guest.client, method="PUT")
        assert refusal(theirs) == (403, "permission-denied")

    async def test_is_not_shown_to_customers(self, desk: Desk) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_own")
        made = await desk.opened(guest.client)
        await act(desk, made, f"/followers/{member.id}", method="PUT")
        assert (await desk.read(made, guest.client))["follower_ids"] == []
        (listed,) = (await guest.client.get(TICKETS)).json()["items"]
        replied = (await desk.say(made, guest.client, "Hello?")).json()
        assert listed["follower_ids"] == replied["follower_ids"] == []
