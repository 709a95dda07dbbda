"""Tickets of businesses at the platform's desk."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.mail.messages import MailKind
from app.models.public import MailRow
from app.models.tenant import WebhookEndpointRow
from app.tenancy.slugs import schema_name
from app.tickets.lifecycle import FOLLOWERS, TicketStatus
from app.webhooks.endpoints import SWITCHED_OFF
from tests.actors import Business, Platform
from tests.domains.names import custom_domain
from tests.mailbox import Mailbox
from tests.people.crowd import trail
from tests.scheduling.catalogue import add_resource, add_service, occupy
from tests.support.conftest import DESK, Help

_LED = {
    "open": (),
    "in_progress": ("in_progress",),
    "waiting": ("waiting",),
    "resolved": ("resolved",),
    "closed": ("closed",),
}
_STATUSES = tuple(TicketStatus)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestSetStatus:
    @pytest.mark.parametrize("status", _LED)
    async def test_follows_the_table(self, line: Help, status: str) -> None:
        for to in _STATUSES:
            made = await line.asked()
            await line.become(made, *_LED[status])
            answer = await line.agent.client.post(f"{DESK}/{made['id']}/status", json={"status": to})
            if to in FOLLOWERS[TicketStatus(status)]:
                assert (answer.status_code, answer.json()["status"]) == (200, to)
                assert (answer.json()["resolved_at"] is not None) is (to in {"resolved", "closed"})
                assert (answer.json()["closed_at"] is not None) is (to == "closed")
            else:
                assert refusal(answer) == (409, "invalid-transition"), (status, to)

    async def test_is_kept_in_the_platforms_trail(self, line: Help) -> None:
        made = await line.asked()
        await line.become(made, "waiting")
        root = await line.crowd.add(Role.SUPERUSER)
        entry = (await trail(root.client, "support_ticket.status_changed"))[0]
        assert (entry["object_type"], entry["object_id"]) == ("platform_ticket", made["id"])
        assert (entry["actor_id"], entry["diff"]) == (
            line.agent.id,
            {"status": {"from": "open", "to": "waiting"}},
        )


class TestUpdate:
    async def test_sorts_it_and_gives_it_to_somebody_who_is_told(self, line: Help, mailbox: Mailbox) -> None:
        boss = await line.crowd.add(Role.PLATFORM_MANAGER)
        made = await line.asked()
        change = {"priority": "low", "category": "fault", "assignee_id": line.agent.id}
        answer = await boss.client.patch(f"{DESK}/{made['id']}", json=change)
        assert answer.status_code == 200, answer.text
        assert change.items() <= answer.json().items()
        assert "you look after its ticket now" in " ".join((await mailbox.latest(line.agent.email)).text.split())
        root = await line.crowd.add(Role.SUPERUSER)
        entry = (await trail(root.client, "support_ticket.changed"))[0]
        assert entry["diff"]["assignee_id"] == {"from": None, "to": line.agent.id}
        cleared = await boss.client.patch(f"{DESK}/{made['id']}", json={"assignee_id": None})
        assert cleared.json()["assignee_id"] is None

    async def test_tells_nobody_of_what_they_take_themselves(self, line: Help, mailbox: Mailbox) -> None:
        made = await line.asked()
        before = len(await mailbox.find(line.agent.email))
        await line.changed(made, assignee_id=line.agent.id)
        assert len(await mailbox.find(line.agent.email)) == before

    async def test_counts_no_change_that_is_none(self, line: Help) -> None:
        made = await line.asked()
        assert (await line.changed(made, priority="normal"))["revision"] == (await line.seen(made))["revision"] == 1

    async def test_gives_it_to_those_who_answer_alone(self, line: Help) -> None:
        made = await line.asked()
        sales = await line.crowd.add(Role.PLATFORM_SALES)
        gone = await line.crowd.add(Role.PLATFORM_SUPPORT)
        await line.crowd.deactivate(gone)
        owner = (await line.business.owner.get("/api/v1/me")).json()["user"]["id"]
        for user in (sales.id, gone.id, owner, str(uuid7())):
            answer = await line.agent.client.patch(f"{DESK}/{made['id']}", json={"assignee_id": user})
            assert answer.status_code == 422
            assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
                ("/assignee_id", "unknown")
            ]

    async def test_holds_to_the_revision(self, line: Help) -> None:
        made = await line.asked()
        path = f"{DESK}/{made['id']}"
        read = await line.agent.client.get(path)
        headers = {"If-Match": read.headers["ETag"]}
        await line.replied(made)
        stale = await line.agent.client.patch(path, json={"priority": "low"}, headers=headers)
        assert refusal(stale) == (412, "revision-stale")
        stale = await line.agent.client.post(f"{path}/status", json={"status": "closed"}, headers=headers)
        assert refusal(stale) == (412, "revision-stale")
        headers = {"If-Match": (await line.agent.client.get(path)).headers["ETag"]}
        assert (await line.agent.client.patch(path, json={"priority": "low"}, headers=headers)).status_code == 200

    async def test_of_two_who_take_it_at_once_one_has_it(self, line: Help) -> None:
        made = await line.asked()
        path = f"{DESK}/{made['id']}"
        others = [await line.crowd.add(Role.PLATFORM_SUPPORT) for _ in range(4)]
        headers = {"If-Match": (await line.agent.client.get(path)).headers["ETag"]}
        answers = await asyncio.gather(
            *(each.client.patch(path, json={"assignee_id": each.id}, headers=headers) for each in others)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        (won,) = [each.id for each, answer in zip(others, answers, strict=True) if answer.is_success]
        assert (await line.seen(made))["assignee_id"] == won


class TestMessages:
    async def test_the_first_answer_takes_it_up_and_tells_who_asked(self, line: Help, mailbox: Mailbox) -> None:
        made = await line.asked()
        said = await line.answered(made, "Which ones?\n\nAll of them?")
        seen = await line.seen(made)
        assert (seen["status"], seen["first_replied_at"]) == ("in_progress", said["created_at"])
        (told,) = (await line.business.owner.get("/api/v1/notifications")).json()["items"]
        assert told["kind"] == "platform_ticket_replied"
        assert told["data"] == {"ticket_id": made["id"], "number": made["number"], "subject": made["subject"]}
        assert told["link"] == f"/api/v1/platform-tickets/{made['id']}"
        mail = await mailbox.latest(line.business.email, MailKind.PLATFORM_TICKET_REPLIED)
        assert "Which ones?\n\nAll of them?\n" in mail.text
        assert str(made["number"]) in mail.subject

    async def test_where_who_asked_is_gone_the_owners_are_told(self, line: Help, mailbox: Mailbox) -> None:
        manager = await line.crowd.add(Role.TENANT_MANAGER, line.business)
        made = await line.asked(manager.client)
        await line.crowd.deactivate(manager)
        await line.answered(made)
        assert (await mailbox.latest(line.business.email)).kind == MailKind.PLATFORM_TICKET_REPLIED
        assert await mailbox.find(manager.email) == []

    async def test_where_who_asked_may_read_it_no_more_the_owners_are_told(self, line: Help, mailbox: Mailbox) -> None:
        manager = await line.crowd.add(Role.TENANT_MANAGER, line.business)
        made = await line.asked(manager.client)
        body = {"role": "TENANT_STAFF"}
        assert (await line.business.owner.patch(f"/api/v1/staff/{manager.id}", json=body)).status_code == 200
        before = len(await mailbox.find(manager.email))
        await line.answered(made)
        assert (await mailbox.latest(line.business.email)).kind == MailKind.PLATFORM_TICKET_REPLIED
        assert len(await mailbox.find(manager.email)) == before

    async def test_a_note_leaves_it_as_it_is_and_tells_nobody(self, line: Help, mailbox: Mailbox) -> None:
        made = await line.asked()
        before = await line.seen(made)
        assert (await line.answered(made, "A difficult one", kind="note"))["kind"] == "note"
        seen = await line.seen(made)
        assert (seen["status"], seen["first_replied_at"]) == ("open", None)
        assert seen["last_message_at"] == before["last_message_at"]
        assert seen["revision"] == before["revision"] + 1
        assert await mailbox.find(line.business.email, MailKind.PLATFORM_TICKET_REPLIED) == []


class TestList:
    async def test_finds_by_what_is_known_of_them(self, line: Help) -> None:
        bill = await line.asked(subject="The bill", topic="billing", impact="stopped")
        host = await line.asked(subject="The host", topic="domains")
        await line.changed(host, assignee_id=line.agent.id)
        await line.become(host, "waiting")

        async def found(**query: Any) -> list[str]:
            params = {"tenant_id": line.business.id} | query
            answer = await line.agent.client.get(DESK, params=params)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found() == [host["id"], bill["id"]]
        assert await found(sort="created_at") == [bill["id"], host["id"]]
        for query in (
            {"status": "open"},
            {"priority": "urgent"},
            {"category": "billing"},
            {"q": "BILL"},
            {"number": bill["number"]},
            {"unassigned": True},
            {"created_until": host["created_at"]},
        ):
            assert await found(**query) == [bill["id"]], query
        assert await found(assignee_id=line.agent.id) == await found(unassigned=False) == [host["id"]]
        assert len(await found(q=line.business.slug)) == 2
        assert await found(status="open,waiting", created_since=bill["created_at"]) == [host["id"], bill["id"]]

    async def test_counts_by_status(self, line: Help) -> None:
        before = (await line.agent.client.get(f"{DESK}/counts")).json()
        first, second = await line.asked(), await line.asked()
        await line.become(first, "resolved")
        after = (await line.agent.client.get(f"{DESK}/counts")).json()
        assert {name: after[name] - before[name] for name in after} == {
            "open": 1,
            "in_progress": 0,
            "waiting": 0,
            "resolved": 1,
            "closed": 0,
            "unassigned": 1,
        }
        assert second["number"] != first["number"]


class TestWhoReaches:
    async def test_sales_read_what_demo_accounts_ask(self, line: Help, platform: Platform) -> None:
        sales = await line.crowd.add(Role.PLATFORM_SALES)
        demo = await platform.sign_up(is_temporary=True)
        asked = await demo.make("/platform-tickets", {"subject": "A demo", "body": "How?"})
        other = await line.asked()
        found = (await sales.client.get(DESK, params={"limit": 100})).json()["items"]
        assert asked["id"] in {each["id"] for each in found}
        assert other["id"] not in {each["id"] for each in found}
        assert (await sales.client.get(f"{DESK}/{asked['id']}/context")).status_code == 200
        for path in ("", "/messages", "/context"):
            assert refusal(await sales.client.get(f"{DESK}/{other['id']}{path}")) == (404, "ticket-not-found"), path
        for method, path, body in (
            ("PATCH", "", {"priority": "low"}),
            ("POST", "/status", {"status": "closed"}),
            ("POST", "/messages", {"body": "b"}),
        ):
            answer = await sales.client.request(method, f"{DESK}/{asked['id']}{path}", json=body)
            assert refusal(answer) == (403, "permission-denied"), (method, path)

    @pytest.mark.parametrize("role", [Role.SUPERUSER, Role.PLATFORM_MANAGER, Role.PLATFORM_SUPPORT])
    async def test_others_of_the_platform_answer(self, line: Help, role: Role) -> None:
        made = await line.asked()
        person = await line.crowd.add(role)
        answer = await person.client.post(f"{DESK}/{made['id']}/messages", json={"body": "We look."})
        assert answer.status_code == 201

    async def test_what_is_not_there_is_not_found(self, line: Help) -> None:
        path = f"{DESK}/{uuid7()}"
        for method, rest, body in (
            ("GET", "", None),
            ("GET", "/messages", None),
            ("GET", "/context", None),
            ("PATCH", "", {"priority": "low"}),
            ("POST", "/status", {"status": "closed"}),
            ("POST", "/messages", {"body": "b"}),
        ):
            answer = await line.agent.client.request(method, path + rest, json=body)
            assert refusal(answer) == (404, "ticket-not-found"), (method, rest)


def _endpoint(url: str, **changes: Any) -> WebhookEndpointRow:
    now = utcnow()
    stored: dict[str, Any] = {
        "id": uuid7(),
        "url": url,
        "description": "",
        "events": ["*"],
        "secret_sealed": "sealed",
        "is_enabled": True,
        "created_at": now,
        "updated_at": now,
    }
    return WebhookEndpointRow(**stored | changes)


async def _break(app: FastAPI, business: Business) -> None:
    """Have something of everything go wrong there."""
    now, tenant_id = utcnow(), UUID(business.id)
    async with app.state.database.transaction(schema_name(business.slug)) as session:
        session.add_all(
            [
                _endpoint("https://failing.example/secret", failing_since=now),
                _endpoint("https://gone.example/secret", is_enabled=False, disabled_reason="It answered 410 Gone."),
                _endpoint("https://off.example/secret", is_enabled=False, disabled_reason=SWITCHED_OFF),
                _endpoint("https://fine.example/secret"),
            ]
        )
    async with app.state.database.transaction() as session:
        session.add(
            custom_domain(tenant_id, f"lost.{business.slug}.example", status="suspended", problem="txt-missing")
        )
        session.add(custom_domain(tenant_id, f"new.{business.slug}.example"))
        session.add(
            MailRow(
                id=uuid7(),
                tenant_id=tenant_id,
                kind="invitation",
                recipient="nobody@people.example",
                sealed=None,
                status="failed",
                attempts=6,
                due_at=now,
                error="550 no such mailbox",
                sent_at=None,
                created_at=now,
            )
        )


class TestContext:
    async def test_tells_of_the_subscription_and_of_what_went_wrong(
        self, line: Help, app: FastAPI, platform: Platform
    ) -> None:
        business = await platform.sign_up(subscription_tier="STARTER")
        made = await business.make("/platform-tickets", {"subject": "All is broken", "body": "All of it."})
        staff = await line.crowd.add(Role.TENANT_STAFF, business)
        assert (await staff.client.get("/api/v1/tokens")).status_code == 403
        await _break(app, business)
        resource = await add_resource(business)
        service = await add_service(business, [resource["id"]])
        start = utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(days=2)
        await occupy(app, business, service, resource["id"], (start, start + timedelta(minutes=30)))
        answer = await line.agent.client.get(f"{DESK}/{made['id']}/context")
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["tenant"]["slug"], found["tenant"]["status"]) == (business.slug, "active")
        assert found["tier"]["name"] == "STARTER"
        assert found["back_office_url"].endswith(f"/admin/tenants/{business.id}")
        used = {each["limit"]: each["used"] for each in found["limits"]}
        assert used == {"staff": 2, "bookings_per_month": 1, "domains": 2, "storage_megabytes": 0}
        assert {each["limit"]: each["allowed"] for each in found["limits"]}["staff"] == found["tier"]["max_staff"]
        troubles = {(each["kind"], each["about"], each["detail"]) for each in found["troubles"]}
        assert troubles == {
            ("webhook_endpoint", "failing.example", "The endpoint takes no events."),
            ("webhook_endpoint", "gone.example", "It answered 410 Gone."),
            ("domain", f"lost.{business.slug}.example", "txt-missing"),
            ("mail", "invitation", "550 no such mailbox"),
            ("refusal", "permission.denied", "This needs the permission 'tokens:read'."),
        }
        assert "secret" not in answer.text

    async def test_of_a_business_where_all_is_well(self, line: Help) -> None:
        made = await line.asked()
        found = (await line.agent.client.get(f"{DESK}/{made['id']}/context")).json()
        assert found["troubles"] == []
        assert [each["allowed"] for each in found["limits"]][1] is None
