"""Notifications and their number, at the socket."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.live import notices
from app.notifications import inbox
from app.notifications.kinds import NotificationKind
from tests.live.listening import Connect
from tests.people.crowd import Person
from tests.tickets.conftest import Desk

TOPIC = {"topics": "notifications"}
READ_ALL = "/api/v1/notifications/read-all"


async def tell(app: FastAPI, person: Person, *, is_sandbox: bool = False) -> None:
    data = {"email": "grace@hopper.example"}
    async with app.state.database.transaction() as session:
        kind = NotificationKind.EMAIL_CHANGED
        inbox.notify(session, person.uuid, kind, data, now=utcnow(), is_sandbox=is_sandbox)


@pytest.fixture
async def member(desk: Desk) -> Person:
    return await desk.member()


class TestNotifications:
    async def test_are_told_and_counted_in_every_tab(self, app: FastAPI, member: Person, connect: Connect) -> None:
        async with connect(member.client, **TOPIC) as tab, connect(member.client, **TOPIC) as other:
            for each in (tab, other):
                assert (await each.until("notification.count"))["data"] == {"unread": 0}
            await tell(app, member)
            for each in (tab, other):
                told = await each.until("notification.created")
                assert (told["resource"], told["data"]["kind"]) == ("notification", "email_changed")
                assert (await each.next())["data"] == {"unread": 1}
            await member.client.post(f"/api/v1/notifications/{told['id']}/read")
            for each in (tab, other):
                assert (await each.next())["data"] == {"unread": 0}
            await tell(app, member)
            await tab.until("notification.created")
            assert (await tab.next())["data"] == {"unread": 1}
            await member.client.post(READ_ALL)
            assert (await tab.next())["data"] == {"unread": 0}

    async def test_are_for_whom_they_are(self, app: FastAPI, desk: Desk, member: Person, connect: Connect) -> None:
        colleague = await desk.member()
        async with connect(member.client, **TOPIC) as ear, connect(member.client, **TOPIC, sandbox=True) as tester:
            await ear.until("notification.count")
            await tester.until("notification.count")
            await tell(app, colleague)
            await tell(app, member, is_sandbox=True)
            await tell(app, member)
            assert await _kinds(ear, 2) == ["notification.created", "notification.count"]
            assert await _kinds(tester, 2) == ["notification.created", "notification.count"]
            assert await ear.subscribe() == ["notifications"]

    async def test_of_meanwhile_are_told_to_those_who_come_back(
        self, app: FastAPI, member: Person, connect: Connect
    ) -> None:
        async with connect(member.client, **TOPIC) as ear:
            await tell(app, member)
            last = (await ear.until("notification.created"))["id"]
        await tell(app, member)
        async with connect(member.client, **TOPIC, notifications_after=last) as ear:
            told = await ear.until("notification.created")
            assert told["id"] > last
            assert (await ear.next())["data"] == {"unread": 2}

    async def test_are_read_anew_where_there_are_too_many(
        self, app: FastAPI, member: Person, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(notices, "MOST_REPLAYED", 1)
        async with connect(member.client, **TOPIC) as ear:
            await tell(app, member)
            last = (await ear.until("notification.created"))["id"]
        for _ in range(2):
            await tell(app, member)
        async with connect(member.client, **TOPIC, notifications_after=last) as ear:
            assert await _kinds(ear, 2) == ["resync", "notification.count"]

    async def test_that_happen_again_are_told_again(self, desk: Desk, connect: Connect) -> None:
        guest, _ = await desk.guest()
        async with connect(desk.business.owner, **TOPIC) as ear:
            ticket = await desk.opened(guest.client)
            first = await ear.until("notification.created")
            await desk.say(ticket, guest.client, "Is there any news?")
            again = await ear.until("notification.updated")
            assert (first["id"], again["data"]["count"]) == (again["id"], 2)

    async def test_can_be_left_and_joined_again(self, app: FastAPI, member: Person, connect: Connect) -> None:
        async with connect(member.client, **TOPIC) as ear:
            await ear.until("notification.count")
            await ear.say("unsubscribe", topics=["notifications"])
            await ear.until("unsubscribed")
            await tell(app, member)
            assert await ear.subscribe("notifications") == ["notifications"]
            assert (await ear.until("notification.count"))["data"] == {"unread": 1}

    async def test_are_looked_for_should_a_call_be_lost(
        self, app: FastAPI, member: Person, connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def lost(*_channels: str) -> None:
            """Redis is away."""

        monkeypatch.setattr(app.state.runtime.broadcast, "call", lost)
        monkeypatch.setattr(notices, "_LOOK_SECONDS", 0.1)
        async with connect(member.client, **TOPIC) as ear:
            await ear.until("notification.count")
            await tell(app, member)
            await ear.until("notification.created")


async def _kinds(ear: Any, count: int) -> list[str]:
    return [(await ear.next())["type"] for _ in range(count)]
