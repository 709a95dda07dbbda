"""A canary in every cage: rows of one mode that all say the same unheard-of word, to be listened for in the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from app.auth.roles import Role
from app.core.clock import utcnow
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.auth.cast import REASON, Cast
from tests.media.made import announcement, attached
from tests.outboxes import Clock, number_deliveries, outbox_of
from tests.receivers import Receiver, receiving

WORDS = {Mode.LIVE: "quetzalcoatlus", Mode.SANDBOX: "archaeopteryx"}
START = (datetime.now(UTC) + timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Canary:
    """What one mode holds: the word in its texts, the ids of its rows by what names them, and who hears its events."""

    mode: Mode
    owner: httpx.AsyncClient
    word: str
    ids: dict[str, str]
    receiver: Receiver

    def is_heard_in(self, text: str) -> bool:
        """Whether anything of this mode is told there."""
        return self.word in text.lower() or any(each in text for each in self.ids.values())


@asynccontextmanager
async def planted(app: FastAPI, business: Business, mode: Mode) -> AsyncIterator[Canary]:
    """A row of every kind, made in this mode as its owner would make it."""
    owner, word = (business.owner if mode is Mode.LIVE else business.in_sandbox()), WORDS[mode]
    async with receiving() as receiver:
        canary = Canary(mode, owner, word, {}, receiver)
        await number_deliveries(app, business, mode)
        await _furnish(canary, business)
        await _connect(canary, app, business)
        await _book(canary, business)
        await _tell(canary, app)
        if mode is Mode.LIVE:
            await _lend(canary, app, business)
        async with outbox_of(app, business, Clock()) as outbox:
            await outbox.drain(mode)
        await _replay(canary)
        yield canary


async def _furnish(canary: Canary, business: Business) -> None:
    word, ids = canary.word, canary.ids

    async def make(path: str, body: dict[str, Any]) -> str:
        return str((await business.make(path, body, client=canary.owner))["id"])

    person = {"name": word, "email": f"{word}@mail.example", "phone": "+12025550140", "notes": word}
    ids["customer_id"] = await make("/customers", person)
    ids["resource_id"] = await make("/resources", {"kind": "staff", "name": word})
    ids["block_id"] = await make(
        f"/resources/{ids['resource_id']}/blocks",
        {"start": f"{START + timedelta(days=9):%FT%TZ}", "end": f"{START + timedelta(days=10):%FT%TZ}", "reason": word},
    )
    weekly = [{"weekday": weekday, "start": "00:00", "end": "00:00"} for weekday in range(1, 8)]
    hours = {"timezone": "Europe/Berlin", "weekly": weekly}
    answer = await canary.owner.put(f"/api/v1/resources/{ids['resource_id']}/schedule", json=hours)
    assert answer.status_code == 200, answer.text
    service = {"name": word, "description": word, "duration_minutes": 60}
    needs = {"requirements": [{"resource_ids": [ids["resource_id"]]}]}
    ids["service_id"] = await make("/services", service | needs)


async def _connect(canary: Canary, app: FastAPI, business: Business) -> None:
    hook = {"url": f"{canary.receiver.url}/{canary.word}", "events": ["*"]}
    canary.ids["endpoint_id"] = (await business.make("/webhook-endpoints", hook, client=canary.owner))["id"]
    ticket = {"subject": canary.word, "body": canary.word, "category": canary.word}
    canary.ids["ticket_id"] = (await business.make("/tickets", ticket, client=canary.owner))["id"]
    reply = {"title": canary.word, "body": canary.word}
    canary.ids["canned_reply_id"] = (await business.make("/canned-replies", reply, client=canary.owner))["id"]
    view = {"name": canary.word, "criteria": {"q": canary.word}}
    canary.ids["view_id"] = (await business.make("/ticket-views", view, client=canary.owner))["id"]
    file = announcement(f"{canary.word}.csv")
    canary.ids["media_id"] = (await business.make("/media", file, client=canary.owner))["id"]
    places = canary.ids["media_id"], canary.ids["ticket_id"]
    canary.ids["message_id"] = await attached(app, business, *places, canary.mode)
    mode = "live" if canary.mode is Mode.LIVE else "test"
    token = {"name": canary.word, "mode": mode, "scopes": ["services:read"]}
    canary.ids["token_id"] = (await business.make("/tokens", token, client=canary.owner))["id"]


async def _book(canary: Canary, business: Business) -> None:
    """One appointment to come, one that was cancelled, one of a class, and somebody who waits."""
    wanted = {name: canary.ids[name] for name in ("service_id", "customer_id")} | {"notes": canary.word}
    for hours in (0, 1):
        body = wanted | {"start": f"{START + timedelta(hours=hours):%FT%TZ}"}
        made = await business.make("/appointments", body, client=canary.owner)
        canary.ids["appointment_id" if hours == 0 else "cancelled_id"] = made["id"]
    waiting = {"start": f"{START + timedelta(days=9):%FT%TZ}", "end": f"{START + timedelta(days=9, hours=1):%FT%TZ}"}
    canary.ids["entry_id"] = (await business.make("/waitlist", wanted | waiting, client=canary.owner))["id"]
    shared = {"name": canary.word, "duration_minutes": 60, "capacity": 2}
    needs = {"requirements": [{"resource_ids": [canary.ids["resource_id"]]}]}
    of_class = {"service_id": (await business.make("/services", shared | needs, client=canary.owner))["id"]}
    body = wanted | of_class | {"start": f"{START + timedelta(hours=2):%FT%TZ}"}
    made = await business.make("/appointments", body, client=canary.owner)
    canary.ids["class_session_id"] = made["class_session_id"]
    path = f"/api/v1/appointments/{canary.ids['cancelled_id']}/cancel"
    answer = await canary.owner.post(path, json={"reason": canary.word})
    assert answer.status_code == 200, answer.text


async def _tell(canary: Canary, app: FastAPI) -> None:
    me = (await canary.owner.get("/api/v1/me")).json()["user"]["id"]
    data = {"email": f"{canary.word}@mail.example"}
    async with app.state.database.transaction() as session:
        is_sandbox = canary.mode is Mode.SANDBOX
        notify(session, UUID(me), NotificationKind.EMAIL_CHANGED, data, now=utcnow(), is_sandbox=is_sandbox)
    (told,) = (await canary.owner.get("/api/v1/notifications")).json()["items"]
    canary.ids["notification_id"] = told["id"]


async def _replay(canary: Canary) -> None:
    """What was sent to its endpoint, and is to be sent once more."""
    path = f"/api/v1/webhook-endpoints/{canary.ids['endpoint_id']}"
    delivery = (await canary.owner.get(f"{path}/deliveries")).json()["items"][0]
    canary.ids.update(delivery_id=str(delivery["id"]), event_id=delivery["event_id"])
    answer = await canary.owner.post(f"{path}/replays", json={"since": "2026-01-01T00:00:00Z"})
    assert answer.status_code == 202, answer.text
    canary.ids["replay_id"] = answer.json()["id"]


async def _lend(canary: Canary, app: FastAPI, business: Business) -> None:
    """What there is in live mode alone: a place kept, and a permission lent."""
    place = {"email": f"{canary.word}@mail.example", "name": canary.word, "role": "TENANT_STAFF"}
    canary.ids["invitation_id"] = (await business.make("/invitations", place, client=canary.owner))["id"]
    staff = await Cast(app, business.at).add(Role.TENANT_STAFF, business)
    reason = f"{REASON}: {canary.word}"
    grant = {"grantee_id": str(staff.id), "permissions": ["customers:write"], "reason": reason}
    canary.ids["grant_id"] = (await business.make("/grants", grant, client=canary.owner))["items"][0]["id"]
