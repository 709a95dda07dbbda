"""What is recorded is written with the commit, chained, and free of what nobody should read there."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.audit.context import AuditContext, Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import PLATFORM_CHAIN, attach, changed, record
from app.core.ids import uuid7
from app.errors import MasqueradeDenied, TenantNotFound
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.audit.chains import Chain
from tests.round_trips import recorded

SECRET = "s3cr3t-of-nobody"
AT = datetime(2026, 11, 24, 9, 30, 0, 1, tzinfo=UTC)


class TestRecord:
    async def test_keeps_who_did_what_from_where(self, chain: Chain) -> None:
        actor, user, session_id, token, grant, subject = (uuid7() for _ in range(6))
        who = {"actor_id": actor, "user_id": user, "session_id": session_id, "token_id": token, "tenant_id": chain.id}
        what = {"request_id": "a-request", "method": "POST", "route": "/api/v1/grants", "status": 201}
        where = {"ip_address": "203.0.113.7", "user_agent": "a browser"}
        context: dict[str, Any] = {**who, **what, **where, "at": AT, "mode": Mode.SANDBOX}
        async with chain.database.transaction() as session:
            attach(session, AuditContext(**context))
            record(
                session,
                AuditEvent.GRANT_GIVEN,
                about=Subject("grant", subject),
                reason="holiday",
                diff=changed({}, {"permission": "staff:read", "expires_at": AT}),
                grant_id=grant,
            )
        (entry,) = await chain.entries()
        del entry["previous_hash"], entry["hash"]
        assert entry == context | {
            "chain_id": chain.id,
            "seq": 1,
            "event": "grant.given",
            "result": "success",
            "reason": "holiday",
            "grant_id": grant,
            "object_type": "grant",
            "object_id": str(subject),
            "diff": {
                "permission": {"from": None, "to": "staff:read"},
                "expires_at": {"from": None, "to": "2026-11-24T09:30:00.000001Z"},
            },
        }

    async def test_the_context_may_be_known_later(self, chain: Chain) -> None:
        known = AuditContext(tenant_id=uuid7())
        async with chain.database.transaction() as session:
            attach(session, lambda: known)
            known = AuditContext(tenant_id=chain.id)
            record(session, AuditEvent.SESSION_ENDED)
        assert len(await chain.entries()) == 1

    async def test_an_entry_may_know_better_than_the_context(self, chain: Chain) -> None:
        user = uuid7()
        async with chain.database.transaction() as session:
            attach(session, AuditContext(tenant_id=uuid7(), status=200))
            record(session, AuditEvent.SESSION_STARTED, tenant_id=chain.id, actor_id=user, user_id=user, status=201)
        (entry,) = await chain.entries()
        assert (entry["actor_id"], entry["user_id"], entry["status"]) == (user, user, 201)

    async def test_without_a_business_it_is_the_platforms(self, app: FastAPI) -> None:
        marker = str(uuid7())
        async with app.state.database.transaction() as session:
            attach(session, AuditContext(tenant_id=uuid7()))
            record(session, AuditEvent.TIER_CHANGED, tenant_id=None, reason=marker)
        async with app.state.database.transaction() as session:
            query = text("SELECT chain_id, tenant_id FROM public.audit_entries WHERE reason = :reason")
            assert (await session.execute(query, {"reason": marker})).one() == (PLATFORM_CHAIN, None)

    async def test_is_written_in_a_tenants_transaction_too(
        self, app: FastAPI, business: Business, chain: Chain
    ) -> None:
        tenant = await app.state.hosts.require(UUID(business.id), now=AT)
        async with chain.database.transaction(tenant.schema(Mode.LIVE)) as session:
            await session.execute(text("SELECT count(*) FROM services"))
            record(session, AuditEvent.WEBHOOK_ENDPOINT_CREATED, tenant_id=chain.id)
        assert await chain.finding() is None
        assert len(await chain.entries()) == 1

    async def test_nothing_is_left_of_what_was_rolled_back(self, app: FastAPI, chain: Chain) -> None:
        with pytest.raises(TenantNotFound):
            async with chain.database.transaction() as session:
                record(session, AuditEvent.SESSION_STARTED, tenant_id=chain.id)
                raise TenantNotFound
        assert await chain.entries() == []
        assert str(chain.id) not in (app.state.runtime.settings.log_dir / "security.log").read_text()

    async def test_a_refusal_that_keeps_changes_keeps_its_entry_and_says_its_status(self, chain: Chain) -> None:
        with pytest.raises(MasqueradeDenied):
            async with chain.database.transaction() as session:
                attach(session, AuditContext(tenant_id=chain.id, status=201))
                record(session, AuditEvent.MASQUERADE_DENIED, result=Result.DENIED)
                raise MasqueradeDenied
        (entry,) = await chain.entries()
        assert (entry["result"], entry["status"]) == ("denied", 403)

    async def test_costs_nothing_where_nothing_happened(self, app: FastAPI) -> None:
        with recorded(app) as trips:
            async with app.state.database.transaction() as session:
                attach(session, AuditContext())
        assert trips == []

    async def test_costs_three_round_trips(self, app: FastAPI, chain: Chain) -> None:
        await chain.write()
        with recorded(app) as trips:
            async with app.state.database.transaction() as session:
                for _ in range(3):
                    record(session, AuditEvent.SESSION_STARTED, tenant_id=chain.id)
        assert [trip.split()[0] for trip in trips] == ["BEGIN", "INSERT", "INSERT", "UPDATE", "COMMIT"]


class TestConcurrentRecording:
    async def test_one_chain_has_no_gap(self, chain: Chain) -> None:
        await asyncio.gather(*(chain.write() for _ in range(20)))
        assert [entry["seq"] for entry in await chain.entries()] == list(range(1, 21))
        assert await chain.finding() is None

    async def test_two_chains_in_opposite_order_do_not_deadlock(self, chain: Chain, other_chain: Chain) -> None:
        async def write(first: Chain, second: Chain) -> None:
            async with chain.database.transaction() as session:
                for each in (first, second, first):
                    record(session, AuditEvent.SESSION_STARTED, tenant_id=each.id)

        pairs = [(chain, other_chain), (other_chain, chain)] * 10
        await asyncio.gather(*(write(*pair) for pair in pairs))
        for each in (chain, other_chain):
            assert [entry["seq"] for entry in await each.entries()] == list(range(1, 31))
            assert await each.finding() is None


class TestRedaction:
    async def test_a_value_that_the_event_does_not_show_is_nowhere(self, app: FastAPI, chain: Chain) -> None:
        before = {"role": "TENANT_STAFF", "email": "ada@lovelace.example", "password_hash": SECRET.encode()}
        after = {"role": "TENANT_MANAGER", "email": "countess@lovelace.example", "password_hash": SECRET + "2"}
        async with chain.database.transaction() as session:
            record(session, AuditEvent.USER_ROLE_CHANGED, tenant_id=chain.id, diff=changed(before, after))
            record(session, AuditEvent.PASSWORD_CHANGED, tenant_id=chain.id, diff={"password": SECRET})
        first, second = await chain.entries()
        assert first["diff"] == {
            "role": {"from": "TENANT_STAFF", "to": "TENANT_MANAGER"},
            "email": "changed",
            "password_hash": "changed",
        }
        assert second["diff"] == {"password": "changed"}
        logs = app.state.runtime.settings.log_dir
        written = repr((first, second)) + "".join(file.read_text() for file in logs.glob("*.log"))
        assert not [word for word in (SECRET, "ada@lovelace.example", "countess@lovelace.example") if word in written]

    async def test_bytes_are_never_shown(self, chain: Chain) -> None:
        async with chain.database.transaction() as session:
            record(session, AuditEvent.USER_ROLE_CHANGED, tenant_id=chain.id, diff={"role": SECRET.encode()})
        (entry,) = await chain.entries()
        assert entry["diff"] == {"role": "changed"}

    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            ("nul \0 and \ud800", "nul \ufffd and ?"),
            ("long " * 200, ("long " * 200)[:500]),
            (frozenset({"b", "a"}), ["a", "b"]),
            (("b", "a"), ["b", "a"]),
            (True, True),
            (2**53, str(2**53)),
            (-7, -7),
            (1.10, "1.1"),
            (UUID(int=7), str(UUID(int=7))),
        ],
    )
    async def test_what_is_shown_can_be_stored_and_verified(self, chain: Chain, value: object, kept: object) -> None:
        async with chain.database.transaction() as session:
            record(session, AuditEvent.USER_ROLE_CHANGED, tenant_id=chain.id, diff=changed({}, {"role": value}))
        (entry,) = await chain.entries()
        assert entry["diff"] == {"role": {"from": None, "to": kept}}
        assert await chain.finding() is None

    async def test_a_header_can_hold_anything(self, chain: Chain) -> None:
        hostile = '\0\x1b[31m\r\n{"seq": 1}' + "x" * 9999
        context = AuditContext(tenant_id=chain.id, user_agent=hostile, ip_address=hostile)
        async with chain.database.transaction() as session:
            attach(session, context)
            record(session, AuditEvent.SESSION_REFUSED, reason=hostile)
        (entry,) = await chain.entries()
        assert {len(entry[name]) for name in ("user_agent", "ip_address", "reason")} == {500}
        assert await chain.finding() is None


class TestChanged:
    def test_names_what_differs(self) -> None:
        assert changed({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}) == {"b": {"from": 2, "to": 3}}

    def test_of_something_new_and_of_something_gone(self) -> None:
        assert changed({}, {"a": 1}) == {"a": {"from": None, "to": 1}}
        assert changed({"a": 1}, {}) == {"a": {"from": 1, "to": None}}


class TestLogLines:
    async def test_a_masquerade_names_both(self, app: FastAPI, chain: Chain) -> None:
        session_id = uuid7()
        context = AuditContext(
            at=AT,
            tenant_id=chain.id,
            request_id="a-request",
            actor_email="support@platform.example",
            ip_address="203.0.113.7",
        )
        for event in (AuditEvent.MASQUERADE_STARTED, AuditEvent.MASQUERADE_ENDED, AuditEvent.MASQUERADE_DENIED):
            async with chain.database.transaction() as session:
                attach(session, context)
                record(session, event, reason="ticket 4711", session_id=session_id, user_email="ada@lovelace.example")
        file = app.state.runtime.settings.log_dir / "masquerade.log"
        lines = [line for line in map(orjson.loads, file.read_bytes().splitlines()) if line["chain"] == str(chain.id)]
        assert [(line["action"], line["seq"]) for line in lines] == [
            ("HIJACK_START", 1),
            ("HIJACK_END", 2),
            ("HIJACK_DENIED", 3),
        ]
        assert lines[0] == {
            "timestamp": "2026-11-24T09:30:00.000001Z",
            "action": "HIJACK_START",
            "hijacker_email": "support@platform.example",
            "hijacked_email": "ada@lovelace.example",
            "ip_address": "203.0.113.7",
            "session_key": str(session_id),
            "reason": "ticket 4711",
            "request_id": "a-request",
            "hijacker_id": None,
            "hijacked_id": None,
            "tenant_id": str(chain.id),
            "chain": str(chain.id),
            "seq": 1,
        }

    async def test_other_events_have_the_ids_of_their_entries(self, app: FastAPI, chain: Chain) -> None:
        token = uuid7()
        async with chain.database.transaction() as session:
            attach(session, AuditContext(at=AT, tenant_id=chain.id, request_id="a-request", user_email="a@b.example"))
            record(session, AuditEvent.TOKEN_REVOKED, about=Subject("token", token), diff={"name": "till"})
        file = app.state.runtime.settings.log_dir / "security.log"
        (line,) = [line for line in map(orjson.loads, file.read_bytes().splitlines()) if line["chain"] == str(chain.id)]
        assert line == {
            "timestamp": "2026-11-24T09:30:00.000001Z",
            "event": "token.revoked",
            "result": "success",
            "request_id": "a-request",
            "tenant_id": str(chain.id),
            "object_type": "token",
            "object_id": str(token),
            "diff": {"name": "till"},
            "chain": str(chain.id),
            "seq": 1,
        }
