"""What a business asks of the platform, through the whole application."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.auth.roles import Role
from app.businesses.erasure import erase
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.mail.messages import MailKind
from app.models.public import MailRow, PlatformTicketMessageRow, PlatformTicketRow
from app.support import notices
from app.support.numbers import draw, insert_numbered
from tests.actors import Business
from tests.mailbox import Mailbox
from tests.people.crowd import trail
from tests.support.conftest import DESK, OWN, Help

OPERATIONS = (
    ("POST", "", {"subject": "s", "body": "b"}),
    ("GET", "", None),
    ("GET", "/{id}", None),
    ("GET", "/{id}/messages", None),
    ("POST", "/{id}/messages", {"body": "b"}),
    ("POST", "/{id}/settle", None),
)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def inbox(client: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/notifications")
    assert answer.status_code == 200, answer.text
    return [item["data"] for item in answer.json()["items"] if "ticket" in item["kind"]]


class TestOpenPlatformTicket:
    async def test_is_answered_with_what_was_asked(self, line: Help) -> None:
        body = {"subject": "Bookings vanish", "body": "Since this morning."}
        answer = await line.business.owner.post(OWN, json=body | {"topic": "bookings", "impact": "stopped"})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        assert answer.headers["Location"] == f"{OWN}/{made['id']}"
        assert (made["subject"], made["created_at"]) == ("Bookings vanish", made["last_message_at"])
        assert 10_000_000 <= made["number"] <= 99_999_999
        assert await line.heard(made) == [("business", "Since this morning.")]

    @pytest.mark.parametrize(
        ("impact", "priority"), [("question", "normal"), ("hindered", "high"), ("stopped", "urgent")]
    )
    async def test_is_as_urgent_as_the_business_is_hindered(self, line: Help, impact: str, priority: str) -> None:
        made = await line.asked(impact=impact, topic="billing", phone="+49 30 1234567")
        seen = await line.seen(made)
        assert (seen["status"], seen["priority"], seen["category"]) == ("open", priority, "billing")
        assert (seen["impact"], seen["phone"], seen["assignee_id"]) == (impact, "+49 30 1234567", None)
        assert seen["tenant"]["slug"] == line.business.slug

    async def test_tells_the_support_in_the_service_and_by_mail(self, line: Help, mailbox: Mailbox) -> None:
        made = await line.asked()
        (told,) = [each for each in await inbox(line.agent.client) if each["number"] == made["number"]]
        assert (told["change"], told["subject"]) == ("opened", "Bookings vanish")
        mail = await mailbox.latest(line.agent.email, MailKind.SUPPORT_TICKET)
        assert str(made["number"]) in mail.subject
        assert f"/admin/tickets/{made['id']}" in mail.text

    async def test_is_kept_in_the_businesss_trail(self, line: Help) -> None:
        made = await line.asked()
        (entry,) = await trail(line.business.owner, "platform_ticket.opened")
        assert (entry["object_id"], entry["diff"]) == (made["id"], {})

    async def test_by_a_manager_and_by_a_token_with_the_scope(self, line: Help) -> None:
        manager = await line.crowd.add(Role.TENANT_MANAGER, line.business)
        token = await line.business.client("support:read", "support:write")
        made = [await line.asked(client) for client in (manager.client, token)]
        found = (await manager.client.get(OWN)).json()["items"]
        assert {each["id"] for each in found} == {each["id"] for each in made}

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"subject": ""}, "/subject"),
            ({"body": "x" * 20_001}, "/body"),
            ({"topic": "fault"}, "/topic"),
            ({"impact": "urgent"}, "/impact"),
            ({"phone": "call me"}, "/phone"),
            ({"priority": "urgent"}, "/priority"),
            ({"status": "closed"}, "/status"),
            ({"assignee_id": None}, "/assignee_id"),
        ],
    )
    async def test_takes_nothing_that_is_for_the_platform_to_say(
        self, line: Help, change: dict[str, Any], pointer: str
    ) -> None:
        answer = await line.business.owner.post(OWN, json={"subject": "s", "body": "b"} | change)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_many_at_once_are_not_all_mailed(self, line: Help, app: FastAPI, mailbox: Mailbox) -> None:
        made = await line.asked()
        async with app.state.database.transaction() as session:
            row = await session.get_one(PlatformTicketRow, UUID(made["id"]))
            session.add_all(
                PlatformTicketMessageRow(
                    id=UUID(int=row.number << 32 | number),
                    ticket_id=row.id,
                    kind="reply",
                    author="business",
                    author_id=None,
                    author_name="Olga",
                    body="b",
                    created_at=utcnow() - timedelta(minutes=1),
                )
                for number in range(notices.MOST_MAILED)
            )
        before = len(await mailbox.find(line.agent.email))
        await line.replied(made)
        assert len(await mailbox.find(line.agent.email)) == before
        assert next(each["change"] for each in await inbox(line.agent.client)) == "replied"


class TestNumbers:
    def test_have_eight_digits_and_no_order(self) -> None:
        drawn = [draw() for _ in range(1000)]
        assert all(len(str(number)) == 8 for number in drawn)
        assert drawn != sorted(drawn)
        assert len(set(drawn)) > 990

    async def test_are_drawn_again_where_they_are_taken(self, line: Help, app: FastAPI) -> None:
        made = await line.asked()
        free = draw()
        drawn = iter([made["number"], made["number"], free])
        async with app.state.database.transaction() as session:
            row = await session.get_one(PlatformTicketRow, UUID(made["id"]))
            values = {column.name: getattr(row, column.name) for column in PlatformTicketRow.__table__.columns}
            another = await insert_numbered(session, values | {"id": uuid7()}, draw=lambda: next(drawn))
            assert (another.number, another.subject) == (free, made["subject"])


class TestWhoReaches:
    async def test_the_staff_and_customers_do_not(self, line: Help) -> None:
        made = await line.asked()
        staff = await line.crowd.add(Role.TENANT_STAFF, line.business, areas=["tickets_manage", "settings"])
        customer = await line.crowd.add(Role.CUSTOMER, line.business)
        for person in (staff, customer):
            for method, path, body in OPERATIONS:
                answer = await person.client.request(method, OWN + path.format(**made), json=body)
                assert refusal(answer) == (403, "permission-denied"), (method, path)

    async def test_another_business_does_not(self, line: Help, other_business: Business) -> None:
        made = await line.asked()
        for method, path, body in OPERATIONS[2:]:
            answer = await other_business.owner.request(method, OWN + path.format(**made), json=body)
            assert refusal(answer) == (404, "ticket-not-found"), (method, path)
        assert (await other_business.owner.get(OWN)).json()["items"] == []
        by_id = {"ids": made["id"], "number": made["number"]}
        assert (await other_business.owner.get(OWN, params=by_id)).json()["items"] == []

    async def test_nobody_does_at_the_other_kind_of_host(self, line: Help) -> None:
        made = await line.asked()
        for method, path, body in OPERATIONS:
            answer = await line.agent.client.request(method, OWN + path.format(**made), json=body)
            assert refusal(answer) == (404, "not-found"), (method, path)
        for path in ("", "/counts", f"/{made['id']}", f"/{made['id']}/messages", f"/{made['id']}/context"):
            assert refusal(await line.business.owner.get(DESK + path)) == (404, "not-found"), path

    async def test_in_the_sandbox_there_are_none(self, line: Help, app: FastAPI) -> None:
        made = await line.asked()
        tester = await line.business.client("support:read", "support:write", mode="test")
        async with app.state.database.transaction() as session:
            before = await session.scalar(select(func.count()).select_from(PlatformTicketMessageRow))
        for client in (line.business.in_sandbox(), tester):
            for method, path, body in OPERATIONS:
                headers = {"X-CSRF-Token": "-"}
                answer = await client.request(method, OWN + path.format(**made), json=body, headers=headers)
                assert refusal(answer) == (403, "sandbox-not-allowed"), (method, path)
                assert answer.json()["detail"].startswith("Platform tickets exist in live mode only")
        async with app.state.database.transaction() as session:
            assert await session.scalar(select(func.count()).select_from(PlatformTicketMessageRow)) == before

    async def test_whoever_masquerades_reads_and_does_not_write(self, line: Help) -> None:
        made = await line.asked()
        owner = (await line.business.owner.get("/api/v1/me")).json()["user"]["id"]
        masked = await line.crowd.masked(line.business, owner)
        assert (await masked.get(f"{OWN}/{made['id']}")).json() == made
        answer = await masked.post(f"{OWN}/{made['id']}/messages", json={"body": "b"})
        assert refusal(answer) == (403, "permission-denied")

    async def test_a_suspended_business_does_not_but_is_answered(self, line: Help, mailbox: Mailbox) -> None:
        made = await line.asked()
        root = await line.crowd.add(Role.SUPERUSER)
        path = f"/api/v1/platform/tenants/{line.business.id}"
        assert (await root.client.patch(path, json={"status": "suspended"})).status_code == 200
        assert refusal(await line.business.owner.get(OWN)) == (403, "tenant-suspended")
        await line.answered(made, "Your last bill was not paid.")
        assert "Your last bill was not paid." in (await mailbox.latest(line.business.email)).text
        assert (await root.client.patch(path, json={"status": "active"})).status_code == 200
        assert len(await line.heard(made)) == 2


class TestListPlatformTickets:
    async def test_begins_with_what_was_written_about_last(self, line: Help) -> None:
        first, second = await line.asked(subject="First"), await line.asked(subject="Second")

        async def found(**query: Any) -> list[str]:
            answer = await line.business.owner.get(OWN, params=query)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found() == [second["id"], first["id"]]
        await line.answered(first, "a note", kind="note")
        await line.changed(first, priority="low")
        await line.become(first, "resolved")
        assert await found() == [second["id"], first["id"]]
        await line.answered(first)
        assert await found() == [first["id"], second["id"]]
        assert await found(sort="-created_at") == [second["id"], first["id"]]
        assert await found(q="FIRST") == await found(number=first["number"]) == [first["id"]]


class TestReplyToPlatformTicket:
    async def test_is_read_by_both_sides_in_order(self, line: Help) -> None:
        made = await line.asked()
        said = await line.answered(made, "Which ones?")
        assert said["author_name"] == "Pat Person"
        replied = await line.replied(made, "All of them.")
        assert (replied["author"], replied["author_name"]) == ("business", "Olga Owner")
        heard = [("business", "Since this morning."), ("platform", "Which ones?"), ("business", "All of them.")]
        assert await line.heard(made) == heard
        answer = await line.business.owner.get(f"{OWN}/{made['id']}/messages")
        assert [each["author_name"] for each in answer.json()["items"]] == [
            "Olga Owner",
            "Smooth Schedule",
            "Olga Owner",
        ]

    @pytest.mark.parametrize(
        ("led", "after"),
        [
            ((), "open"),
            (("in_progress",), "in_progress"),
            (("waiting",), "in_progress"),
            (("resolved",), "open"),
            (("resolved", "closed"), "open"),
        ],
    )
    async def test_has_the_ticket_go_on(self, line: Help, led: tuple[str, ...], after: str) -> None:
        made = await line.asked()
        await line.become(made, *led)
        before = await line.seen(made)
        await line.replied(made)
        seen = await line.seen(made)
        assert (seen["status"], seen["resolved_at"], seen["closed_at"]) == (after, None, None)
        assert seen["revision"] == before["revision"] + 1

    async def test_tells_whoever_looks_after_it_and_nobody_else(self, line: Help, mailbox: Mailbox) -> None:
        other = await line.crowd.add(Role.PLATFORM_SUPPORT)
        made = await line.asked()
        await line.changed(made, assignee_id=line.agent.id)
        await line.replied(made)
        assert [each["change"] for each in await inbox(line.agent.client)] == ["replied"]  # one, which counts
        assert [each["change"] for each in await inbox(other.client)] == ["opened"]
        assert "has written about its ticket" in (await mailbox.latest(line.agent.email)).text


class TestSettlePlatformTicket:
    @pytest.mark.parametrize(
        ("led", "after"),
        [((), "resolved"), (("waiting",), "resolved"), (("resolved",), "resolved"), (("closed",), "closed")],
    )
    async def test_looks_the_same_wherever_it_was(self, line: Help, led: tuple[str, ...], after: str) -> None:
        made = await line.asked()
        await line.become(made, *led)
        answer = await line.business.owner.post(f"{OWN}/{made['id']}/settle")
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await line.seen(made))["status"] == after
        assert (await line.business.owner.get(f"{OWN}/{made['id']}")).json() == made


class TestErasure:
    async def test_takes_the_tickets_along(self, line: Help, app: FastAPI) -> None:
        made = await line.asked()
        await line.answered(made)
        async with app.state.database.transaction() as session:
            await erase(session, UUID(line.business.id), now=utcnow())
        async with app.state.database.transaction() as session:
            assert await session.get(PlatformTicketRow, UUID(made["id"])) is None
            query = select(PlatformTicketMessageRow.id).where(PlatformTicketMessageRow.ticket_id == UUID(made["id"]))
            assert (await session.scalars(query)).all() == []
            kind = select(MailRow.id).where(MailRow.tenant_id == UUID(line.business.id))
            assert (await session.scalars(kind)).all() == []
