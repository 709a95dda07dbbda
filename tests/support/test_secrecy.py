"""What a business never learns: status, priority, category, assignee, notes, and whatever tells of them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import select, update

from app.auth.permissions import SCOPES
from app.auth.roles import Role
from app.events.catalogue import EventType
from app.main import create_app
from app.models.public import MailRow, UserRow
from app.models.public.platform_ticket import CATEGORIES, TOPICS
from app.routers.routing import API_PREFIX
from app.settings import Settings
from app.support import conversation_schemas, desk_schemas
from tests.mailbox import Mailbox
from tests.people.crowd import trail
from tests.support.conftest import OWN, Help

CANARY = "quetzalcoatlus"
SECRET = {
    *("status", "priority", "category", "topic", "impact", "assignee_id", "assignee", "kind", "author_id", "opener_id"),
    *("first_replied_at", "resolved_at", "closed_at", "revision", "updated_at", "tenant", "phone"),
}
SHOWN = {"id", "number", "subject", "created_at", "last_message_at"}
SHOWN_OF_MESSAGES = {"id", "author", "author_name", "body", "created_at"}
DOCUMENT = create_app(Settings(_env_file=None)).openapi()


def models(module: Any) -> set[type[BaseModel]]:
    """Those that a module makes itself."""
    found = {each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BaseModel)}
    return {each for each in found if each.__module__ == module.__name__}


def fields_answered(prefix: str) -> Iterator[str]:
    """Every field, however deep, of every success that operations below this path answer."""
    for path, methods in DOCUMENT["paths"].items():
        if path.startswith(f"{API_PREFIX}{prefix}"):
            for described in methods.values():
                for status, answer in described["responses"].items():
                    if status.startswith("2"):
                        yield from _fields(answer, set())


def _fields(described: Any, seen: set[str]) -> Iterator[str]:
    if isinstance(described, list):
        for each in described:
            yield from _fields(each, seen)
    elif isinstance(described, dict):
        reference = described.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            target: Any = DOCUMENT
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]
            yield from _fields(target, seen)
        for name, value in described.items():
            if name == "properties":
                yield from value
            if name != "example":
                yield from _fields(value, seen)


class TestModels:
    def test_of_a_business_hold_what_it_may_read_and_nothing_else(self) -> None:
        assert set(conversation_schemas.PlatformTicketRead.model_fields) == SHOWN
        assert set(conversation_schemas.PlatformTicketMessageRead.model_fields) == SHOWN_OF_MESSAGES

    def test_of_the_two_sides_have_no_part_in_each_other(self) -> None:
        own, desk = models(conversation_schemas), models(desk_schemas)
        assert own
        assert desk
        for each in own:
            assert not any(issubclass(each, other) for other in desk), each
        for each in desk:
            assert not any(issubclass(each, other) for other in own), each

    def test_no_answer_to_a_business_has_a_secret_field(self) -> None:
        answered = set(fields_answered("/platform-tickets"))
        assert answered >= SHOWN | SHOWN_OF_MESSAGES
        assert not answered & SECRET
        assert set(fields_answered("/platform/tickets")) >= SECRET - {"topic", "assignee"}

    def test_no_event_tells_of_them(self) -> None:
        assert not [event for event in EventType if "platform" in event or "support" in event]

    def test_what_a_business_can_say_is_not_all_that_there_is(self) -> None:
        assert list(CATEGORIES[: len(TOPICS)]) == list(TOPICS)
        assert set(CATEGORIES) - set(TOPICS) == {"fault", "wish"}


async def everything(line: Help, ticket: dict[str, Any]) -> dict[str, str]:
    """All that the business is answered, by where: of its tickets, and wherever else something might have come out."""
    paths = [
        *(OWN, f"{OWN}?count=true", f"{OWN}?q={ticket['subject']}", f"{OWN}/{ticket['id']}"),
        f"{OWN}/{ticket['id']}/messages",
        *("/api/v1/audit?limit=100", "/api/v1/audit/export", "/api/v1/notifications?limit=100", "/api/v1/me"),
        *("/api/v1/events?limit=100", "/api/v1/tickets", "/api/v1/staff", "/api/v1/business"),
    ]
    endpoints = (await line.business.owner.get("/api/v1/webhook-endpoints")).json()["items"]
    paths += [f"/api/v1/webhook-endpoints/{endpoint['id']}/deliveries" for endpoint in endpoints]
    answers = {}
    token = await line.business.client(*sorted(SCOPES))
    manager = await line.crowd.add(Role.TENANT_MANAGER, line.business)
    for name, client in (("owner", line.business.owner), ("token", token), ("manager", manager.client)):
        for path in paths:
            answer = await client.get(path)
            if answer.status_code == 403:
                continue
            assert answer.status_code == 200, (path, answer.text)
            answers[f"{name} {path}"] = f"{answer.headers}\n{answer.text}"
    return answers


class TestCanary:
    async def test_is_heard_nowhere(self, line: Help, app: FastAPI, mailbox: Mailbox) -> None:
        await line.crowd.change(update(UserRow).where(UserRow.id == line.agent.uuid).values(name=CANARY))
        boss = await line.crowd.add(Role.PLATFORM_MANAGER)
        endpoint = {"url": "https://example.com/hook", "events": ["*"]}
        await line.business.make("/webhook-endpoints", endpoint)
        made = await line.asked(topic="billing", impact="stopped")
        await line.answered(made, f"{CANARY}: they never pay", kind="note")
        await line.changed(made, priority="low", category="wish", assignee_id=line.agent.id)
        await line.become(made, "waiting", "in_progress", "resolved", "open", "closed", "open")
        await line.answered(made, "We look.")
        note = {"body": f"{CANARY} too", "kind": "note"}
        assert (await boss.client.post(f"/api/v1/platform/tickets/{made['id']}/messages", json=note)).is_success
        reply = await line.replied(made)
        found = await everything(line, made)
        assert len(found) > 25
        async with app.state.database.transaction() as session:
            recipients = set(
                await session.scalars(select(MailRow.recipient).where(MailRow.tenant_id == UUID(line.business.id)))
            )
        for recipient in recipients | {line.business.email}:
            for mail in await mailbox.find(recipient):
                found[f"mail {recipient} {mail.kind}"] = f"{mail.subject}\n{mail.text}\n{mail.html}\n{mail.sender_name}"
        assert any("platform_ticket_replied" in name for name in found)
        found["reply"] = str(reply)
        for where, text in found.items():
            assert CANARY not in text, where
            assert line.agent.id not in text, where
            assert line.agent.email not in text, where
            for word in ("in_progress", "support_ticket", '"wish"', '"stopped"', '"low"'):
                assert word not in text or "/staff" in where or "/me" in where, (where, word)

    async def test_the_platforms_people_hear_it(self, line: Help) -> None:
        made = await line.asked()
        await line.answered(made, CANARY, kind="note")
        answer = await line.agent.client.get(f"/api/v1/platform/tickets/{made['id']}/messages")
        assert [(each["kind"], each["author"]) for each in answer.json()["items"]] == [
            ("reply", "business"),
            ("note", "platform"),
        ]
        assert CANARY in answer.text

    async def test_what_the_platform_does_changes_no_answer_to_the_business(self, line: Help) -> None:
        made = await line.asked()
        paths = (OWN, f"{OWN}/{made['id']}", f"{OWN}/{made['id']}/messages")

        async def answers() -> list[tuple[str, str]]:
            found = [await line.business.owner.get(path) for path in paths]
            return [(answer.headers["ETag"], answer.text) for answer in found]

        before = await answers()
        await line.answered(made, "between us", kind="note")
        await line.changed(made, priority="low", category="fault", assignee_id=line.agent.id)
        await line.become(made, "in_progress", "waiting", "resolved", "closed")
        assert await answers() == before

    async def test_the_trail_of_the_business_keeps_what_it_did_itself(self, line: Help) -> None:
        made = await line.asked()
        await line.become(made, "closed")
        await line.replied(made)
        await line.business.owner.post(f"{OWN}/{made['id']}/settle")
        entries = (await line.business.owner.get("/api/v1/audit", params={"object_id": made["id"]})).json()["items"]
        assert [(each["event"], each["diff"]) for each in entries] == [
            ("platform_ticket.solved", {}),
            ("platform_ticket.opened", {}),
        ]
        root = await line.crowd.add(Role.SUPERUSER)
        kept = [each["diff"]["status"] for each in await trail(root.client, "support_ticket.status_changed")]
        assert kept[:3] == [
            {"from": "open", "to": "resolved"},
            {"from": "closed", "to": "open"},
            {"from": "open", "to": "closed"},
        ]
