"""Nothing of one mode is heard in the other: asked of every operation that reads, as the OpenAPI document has them.

A new one is asked by itself. What it takes in its path or must be asked with has to be among the canary's ids, or among
the things that both modes share; and it has to tell of the canary in its own mode, or to be named as one that does not.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.auth.permissions import SCOPES
from app.db.base import TenantBase
from app.main import create_app
from app.routers.routing import API_PREFIX
from app.settings import Settings
from app.tenancy.mode import Mode
from tests.actors import Business, Platform
from tests.domains.names import custom_domain
from tests.media.made import logo_of
from tests.sandbox.canary import START, WORDS, Canary, planted

DOCUMENT = create_app(Settings(_env_file=None)).openapi()
RANGE = {"start": f"{START:%F}T00:00:00Z", "end": f"{START:%F}T23:00:00Z"}
SEARCHES = ("q", "email")
SHARED = {"user_id", "tenant_id", "event_type", "domain_id", "picture_id", "platform_ticket_id"}
"""What both modes have, of what an address can hold, or what there is in live mode alone."""
OF_NO_MODE = {
    "getMe",
    "getPreferences",
    "getHost",
    "getBusiness",
    "getPicture",
    "listMySessions",
    "getMySecondFactor",
    "listMyPasskeys",
    "listStaff",
    "getStaff",
    "listCandidates",
    "listDomains",
    "getDomain",
    "countTickets",  # nothing but numbers
    "getDeskSettings",  # likewise, and days
    "listEventTypes",
    "getEventType",
}
"""What tells of people and settings, of which there is one set."""
NOT_THERE = {"getCustomerLogIn"}
"""What the canary does not have: a log-in."""
WHOLE_WHEN_LIVE = {"listAuditEntries", "exportAuditEntries"}
"""The audit trail, read in live mode, keeps nothing back: nobody can hide in the sandbox what they do."""


@dataclass(frozen=True)
class Read:
    """An operation that reads, of those at a business's host."""

    id: str
    path: str
    parameters: dict[str, bool] = field(hash=False)
    """By name, in the query; whether it must be there."""

    @property
    def names(self) -> set[str]:
        """What its address holds."""
        return set(re.findall(r"\{(\w+)\}", self.path))

    def address(self, ids: dict[str, str]) -> str:
        """With these ids in it."""
        return self.path.format_map(ids)

    def queries(self, canary: Canary) -> Iterator[dict[str, str]]:
        """All ways to ask for the canary: with what must be said alone, then with one more filter each."""
        known = canary.ids | RANGE
        needed = {name: known[name] for name, is_needed in self.parameters.items() if is_needed}
        yield needed
        if self.names:
            return
        for name in self.parameters.keys() - needed.keys():
            if name in SEARCHES:
                yield needed | {name: f"{canary.word}@mail.example" if name == "email" else canary.word}
            elif name in canary.ids:
                yield needed | {name: canary.ids[name]}
            elif name == "ids" and self.id != "listAuditEntries":
                yield needed | {name: ",".join(each for each in canary.ids.values() if not each.isdigit())}
            elif name == "object_id" and self.id != "exportAuditEntries":  # which notes what was asked for
                yield needed | {name: canary.ids["token_id"]}
            elif name == "count":
                yield needed | {name: "true"}


def reads() -> Iterator[Read]:
    """Every operation that reads, but for the platform's own, which do not exist at a business's host."""
    for path, methods in DOCUMENT["paths"].items():
        if "get" in methods and path.startswith(API_PREFIX) and not path.startswith(f"{API_PREFIX}/platform/"):
            described = [_resolved(each) for each in methods["get"].get("parameters", [])]
            query = {each["name"]: each.get("required", False) for each in described if each["in"] == "query"}
            yield Read(methods["get"]["operationId"], path, query)


def _resolved(described: dict[str, Any]) -> dict[str, Any]:
    found: Any = described
    if "$ref" in described:
        found = DOCUMENT
        for part in described["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    resolved: dict[str, Any] = found
    return resolved


READS = {each.id: each for each in reads()}


@dataclass(frozen=True)
class Aviary:
    """A business with a canary in each of its modes, and everybody who might hear the wrong one."""

    business: Business
    canaries: dict[Mode, Canary]
    listeners: dict[Mode, list[httpx.AsyncClient]]
    shared: dict[str, str]

    def other(self, mode: Mode) -> Canary:
        """The canary that nobody in this mode may hear."""
        return self.canaries[Mode.LIVE if mode is Mode.SANDBOX else Mode.SANDBOX]


@pytest.fixture(scope="module")
async def aviary(app: FastAPI, platform: Platform) -> AsyncIterator[Aviary]:
    business = await platform.sign_up()
    me = (await business.owner.get(f"{API_PREFIX}/me")).json()["user"]["id"]
    async with AsyncExitStack() as stack:
        canaries = {mode: await stack.enter_async_context(planted(app, business, mode)) for mode in Mode}
        listeners = {
            mode: [canaries[mode].owner, await business.client(*sorted(SCOPES), mode=word)]
            for mode, word in ((Mode.LIVE, "live"), (Mode.SANDBOX, "test"))
        }
        domain = custom_domain(UUID(business.id), f"{business.slug}.salons.example")
        async with app.state.database.transaction() as session:
            session.add(domain)
        asked = {"subject": WORDS[Mode.LIVE], "body": WORDS[Mode.LIVE]}
        ticket = await business.make("/platform-tickets", asked)
        shared = {"user_id": me, "tenant_id": business.id, "event_type": "customer.created"}
        shared |= {"domain_id": str(domain.id), "picture_id": await logo_of(app, business)}
        shared |= {"platform_ticket_id": ticket["id"]}
        yield Aviary(business, canaries, listeners, shared)


@pytest.mark.parametrize("read", READS.values(), ids=list(READS))
@pytest.mark.parametrize("mode", list(Mode))
class TestReads:
    async def test_tell_nothing_of_the_other_mode(self, aviary: Aviary, read: Read, mode: Mode) -> None:
        canary = aviary.other(mode)
        if mode is Mode.LIVE and read.id in WHOLE_WHEN_LIVE:
            pytest.skip("it is whole when live, and says so")
        for listener in aviary.listeners[mode]:
            for query in read.queries(canary):
                answer = await listener.get(read.address(canary.ids | aviary.shared), params=query)
                where = (read.id, query, answer.text)
                assert answer.headers["X-Sandbox-Mode"] == str(mode is Mode.SANDBOX).lower(), where
                if answer.status_code == 200:
                    assert not read.names & canary.ids.keys(), where
                    assert not canary.is_heard_in(answer.text), where
                    _is_counted_alike(answer)
                else:
                    assert answer.status_code in {403, 404}, where
                    assert canary.word not in answer.text.lower(), where

    async def test_tell_of_their_own(self, aviary: Aviary, read: Read, mode: Mode) -> None:
        canary = aviary.canaries[mode]
        query = next(read.queries(canary))
        answer = await canary.owner.get(read.address(canary.ids | aviary.shared), params=query)
        if answer.status_code == 403:
            assert (mode, answer.json()["code"]) == (Mode.SANDBOX, "sandbox-not-allowed")
        elif read.id in NOT_THERE:
            assert answer.status_code == 404
        else:
            assert answer.status_code == 200, answer.text
            assert read.names & canary.ids.keys() or read.id in OF_NO_MODE or canary.is_heard_in(answer.text)


def _is_counted_alike(answer: httpx.Response) -> None:
    """What is not shown is not counted either."""
    if answer.headers["content-type"] != "application/json":
        return
    body = answer.json()
    if isinstance(body, dict) and body.get("total") is not None and body["next_cursor"] is None:
        assert body["total"] == len(body["items"])


class TestRows:
    async def test_of_a_schema_say_nothing_of_the_other_mode(self, app: FastAPI, aviary: Aviary) -> None:
        host = await app.state.hosts.resolve(aviary.business.host, now=START)
        for mode in Mode:
            async with app.state.database.transaction(host.tenant.schema(mode)) as session:
                for name in TenantBase.metadata.tables:
                    rows = (await session.scalars(text(f"SELECT t::text FROM {name} t"))).all()  # noqa: S608
                    assert not aviary.other(mode).is_heard_in("\n".join(rows)), name


class TestWebhooks:
    async def test_hear_nothing_of_the_other_mode(self, aviary: Aviary) -> None:
        for mode, canary in aviary.canaries.items():
            told = "\n".join(each.body.decode() for each in await canary.receiver.wait_for(3))
            assert canary.is_heard_in(told)
            assert not aviary.other(mode).is_heard_in(told)


class TestCanary:
    def test_knows_every_id_that_an_address_can_hold(self, aviary: Aviary) -> None:
        held = {name for read in READS.values() for name in read.names}
        assert held <= aviary.canaries[Mode.LIVE].ids.keys() | SHARED

    def test_is_not_taken_for_the_other_one(self) -> None:
        assert len(set(WORDS.values())) == len(Mode)
