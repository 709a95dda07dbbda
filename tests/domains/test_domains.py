"""Domains through the whole application, with real name servers."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.integrations.dns import DnsUnavailable, LocalDns, PublicDns
from tests.actors import Business
from tests.domains.conftest import DOMAINS, Registrar
from tests.domains.nameserver import NameServer


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestAddDomain:
    async def test_says_which_records_to_set(self, registrar: Registrar) -> None:
        made = await registrar.added("Book.Salon.Example.")
        assert (made["hostname"], made["status"], made["problem"]) == ("book.salon.example", "pending", None)
        proof, pointer = made["records"]
        assert (proof["type"], proof["name"]) == ("TXT", "_smoothschedule.book.salon.example")
        assert proof["value"].startswith("smoothschedule-verification=")
        assert (pointer["type"], pointer["name"]) == ("CNAME", "book.salon.example")
        assert pointer["value"].endswith(".custom.localhost")
        assert await registrar.events(made) == ["domain.added"]

    async def test_proves_each_name_of_each_business_by_a_token_of_its_own(
        self, registrar: Registrar, other_registrar: Registrar
    ) -> None:
        made = [
            await registrar.added("one.example"),
            await registrar.added("two.example"),
            await other_registrar.added("one.example"),
        ]
        assert len({record["value"] for each in made for record in each["records"]}) == 6

    async def test_refuses_what_is_no_name(self, registrar: Registrar) -> None:
        for name in ("salon", "demo.localhost", "10.0.0.1"):
            answer = await registrar.add(name)
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/hostname")

    async def test_refuses_the_same_once_more(self, registrar: Registrar) -> None:
        await registrar.added("twice.example")
        assert refusal(await registrar.add("TWICE.example")) == (409, "domain-taken")

    async def test_holds_to_the_subscription(self, app: FastAPI, business: Business) -> None:
        registrar = await Registrar(app, business, []).allow("STARTER")
        await registrar.added("one.example")
        assert refusal(await registrar.add("two.example")) == (402, "tier-limit")

    async def test_is_for_the_owners_settings_in_live_mode(self, registrar: Registrar) -> None:
        sandbox = registrar.business.in_sandbox()
        assert refusal(await sandbox.post(DOMAINS, json={"hostname": "a.example"})) == (403, "sandbox-not-allowed")


class TestCheck:
    async def test_serves_a_name_whose_records_are_set(self, registrar: Registrar) -> None:
        host = f"book.{registrar.business.slug}.example"
        domain = await registrar.added(host)
        assert await registrar.asks(host) == 404
        registrar.set(domain, "TXT", "CNAME")
        await registrar.check()
        found = await registrar.read(domain)
        assert (found["status"], found["problem"], found["failures"]) == ("active", None, 0)
        assert None not in (found["verified_at"], found["activated_at"], found["next_check_at"])
        assert await registrar.asks(host) == 200
        assert await registrar.events(domain) == ["domain.added", "domain.verified", "domain.activated"]

    @pytest.mark.parametrize(
        ("kinds", "status", "problem"),
        [
            ((), "pending", "txt-missing"),
            (("CNAME",), "pending", "txt-missing"),
            (("TXT",), "verified", "not-pointing"),
        ],
    )
    async def test_says_what_is_missing(
        self, registrar: Registrar, kinds: tuple[str, ...], status: str, problem: str
    ) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        registrar.set(domain, *kinds)
        await registrar.check()
        found = await registrar.read(domain)
        assert (found["status"], found["problem"], found["failures"]) == (status, problem, 1)
        assert await registrar.asks(domain["hostname"]) == 404

    async def test_keeps_a_proof_until_the_name_is_served(self, registrar: Registrar) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        registrar.set(domain, "TXT")
        await registrar.check()
        registrar.set(domain, "CNAME")
        await registrar.check(now=utcnow() + timedelta(hours=1))
        found = await registrar.read(domain)
        assert (found["status"], found["problem"], found["failures"]) == ("verified", "txt-missing", 2)
        assert await registrar.asks(domain["hostname"]) == 404
        registrar.set(domain, "TXT", "CNAME")
        await registrar.check(now=utcnow() + timedelta(hours=2))
        assert (await registrar.read(domain))["status"] == "active"

    async def test_gives_time_anew_to_who_proves_a_name_late(self, registrar: Registrar) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        await registrar.check(now=utcnow() + timedelta(days=15))
        assert (await registrar.read(domain))["status"] == "failed"
        registrar.set(domain, "TXT")
        await registrar.business.owner.post(f"{DOMAINS}/{domain['id']}/verify")
        await registrar.check()
        found = await registrar.read(domain)
        assert (found["status"], found["problem"]) == ("verified", "not-pointing")
        assert found["next_check_at"] is not None

    async def test_knows_another_ones_proof_from_its_own(
        self, registrar: Registrar, other_registrar: Registrar
    ) -> None:
        host = f"book.{registrar.business.slug}.example"
        theirs, ours = await other_registrar.added(host), await registrar.added(host)
        registrar.set(theirs, "TXT", "CNAME")
        await registrar.check()
        assert (await registrar.read(ours))["problem"] == "txt-wrong"

    async def test_believes_only_what_all_resolvers_say(self, registrar: Registrar, servers: list[NameServer]) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        registrar.set(domain, "TXT", "CNAME")
        proof, _ = domain["records"]
        servers[1].set(proof["name"], "TXT")
        await registrar.check()
        assert (await registrar.read(domain))["problem"] == "txt-missing"

    async def test_follows_a_chain_of_names(self, registrar: Registrar, servers: list[NameServer]) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        _, pointer = domain["records"]
        registrar.set(domain, "TXT")
        for server in servers:
            server.set(domain["hostname"], "CNAME", "between.example")
            server.set("between.example", "CNAME", pointer["value"].upper())
        await registrar.check()
        assert (await registrar.read(domain))["status"] == "active"

    async def test_takes_the_targets_own_addresses_at_an_apex(
        self, registrar: Registrar, servers: list[NameServer]
    ) -> None:
        domain = await registrar.added(f"{registrar.business.slug}.example")
        _, pointer = domain["records"]
        registrar.set(domain, "TXT")
        for server in servers:
            server.set(domain["hostname"], "A", "192.0.2.10")
            server.set(pointer["value"], "A", "192.0.2.10", "192.0.2.11")
        await registrar.check()
        assert (await registrar.read(domain))["status"] == "active"

    @pytest.mark.parametrize("trouble", ["fails", "is_silent"])
    async def test_holds_an_outage_against_nobody(
        self, registrar: Registrar, servers: list[NameServer], trouble: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.integrations.dns._LIFETIME_SECONDS", 0.3)
        domain = await registrar.active(f"book.{registrar.business.slug}.example")
        setattr(servers[0], trouble, True)
        now = utcnow() + timedelta(days=2)
        await registrar.check(now=now)
        found = await registrar.read(domain)
        assert (found["status"], found["failures"]) == ("active", 0)
        assert found["next_check_at"] > found["checked_at"]

    async def test_suspends_by_the_third_failure_in_a_row_and_takes_up_again(self, registrar: Registrar) -> None:
        domain = await registrar.active(f"book.{registrar.business.slug}.example")
        registrar.set(domain, "TXT")
        now = utcnow()
        for days, status in ((2, "active"), (4, "active"), (6, "suspended")):
            await registrar.check(now=now + timedelta(days=days))
            assert (await registrar.read(domain))["status"] == status
        assert await registrar.asks(domain["hostname"]) == 404
        registrar.set(domain, "TXT", "CNAME")
        await registrar.check(now=now + timedelta(days=8))
        assert (await registrar.read(domain))["status"] == "active"
        assert await registrar.asks(domain["hostname"]) == 200
        assert await registrar.events(domain) == [
            "domain.added",
            "domain.verified",
            "domain.activated",
            "domain.suspended",
            "domain.activated",
        ]
        told = (await registrar.business.owner.get("/api/v1/notifications", params={"kind": "domain_changed"})).json()
        assert [notice["data"]["status"] for notice in told["items"]] == ["active", "suspended", "active", "verified"]

    async def test_gives_up_after_two_weeks_and_looks_again_when_asked(self, registrar: Registrar) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        await registrar.change(domain, created_at=utcnow() - timedelta(days=14))
        await registrar.check()
        found = await registrar.read(domain)
        assert (found["status"], found["next_check_at"]) == ("failed", None)
        registrar.set(domain, "TXT", "CNAME")
        answer = await registrar.business.owner.post(f"{DOMAINS}/{domain['id']}/verify")
        assert answer.status_code == 202
        await registrar.check()
        assert (await registrar.read(domain))["status"] == "active"


class TestTakeover:
    """Somebody wants a name that another business has, had, or has named."""

    async def test_of_an_active_one_is_refused(self, registrar: Registrar, other_registrar: Registrar) -> None:
        domain = await registrar.active(f"book.{registrar.business.slug}.example")
        assert refusal(await other_registrar.add(domain["hostname"])) == (409, "domain-taken")

    async def test_of_one_that_was_let_go_waits_for_thirty_days(
        self, registrar: Registrar, other_registrar: Registrar
    ) -> None:
        domain = await registrar.active(f"book.{registrar.business.slug}.example")
        await registrar.business.owner.delete(f"{DOMAINS}/{domain['id']}")
        assert await registrar.asks(domain["hostname"]) == 404
        refused = await other_registrar.add(domain["hostname"])
        assert (refusal(refused), refused.json()["params"]) == ((409, "domain-taken"), {"days": 30})
        assert (await registrar.add(domain["hostname"])).status_code == 201
        await registrar.change(domain, released_at=utcnow() - timedelta(days=30))
        again = await other_registrar.added(domain["hostname"])
        await other_registrar.check()  # whose records are still those of the one before
        assert (await other_registrar.read(again))["problem"] == "txt-wrong"

    async def test_of_one_that_both_have_named_is_for_who_proves_it(
        self, registrar: Registrar, other_registrar: Registrar
    ) -> None:
        host = f"book.{registrar.business.slug}.example"
        ours, theirs = await registrar.added(host), await other_registrar.added(host)
        registrar.set(ours, "TXT", "CNAME")
        await registrar.check()
        await other_registrar.check()
        states = [(await registrar.read(ours))["status"], (await other_registrar.read(theirs))["status"]]
        assert states == ["active", "pending"]
        other_registrar.set(theirs, "TXT", "CNAME")
        await other_registrar.business.owner.post(f"{DOMAINS}/{theirs['id']}/verify")
        await other_registrar.check()
        found = await other_registrar.read(theirs)
        assert (found["status"], found["problem"]) == ("verified", "taken")

    async def test_by_a_cname_left_behind_alone_leads_to_nobody(
        self, registrar: Registrar, other_registrar: Registrar
    ) -> None:
        host = f"book.{registrar.business.slug}.example"
        ours = await registrar.added(host)
        registrar.set(ours, "CNAME")
        theirs = await other_registrar.added(host)
        for each, domain in ((registrar, ours), (other_registrar, theirs)):
            await each.check()
            assert (await each.read(domain))["status"] == "pending"

    async def test_is_not_found_under_its_id(self, registrar: Registrar, other_registrar: Registrar) -> None:
        domain = await registrar.added(f"book.{registrar.business.slug}.example")
        owner = other_registrar.business.owner
        for method, path in (("GET", ""), ("POST", "/verify"), ("POST", "/primary"), ("DELETE", "")):
            answer = await owner.request(method, f"{DOMAINS}/{domain['id']}{path}")
            assert refusal(answer) == (404, "domain-not-found")


class TestPrimaryAndRelease:
    async def test_one_active_domain_is_the_primary_one(self, registrar: Registrar) -> None:
        first, second = [await registrar.active(f"{n}.{registrar.business.slug}.example") for n in "ab"]
        owner = registrar.business.owner
        for domain in (first, second):
            assert (await owner.post(f"{DOMAINS}/{domain['id']}/primary")).json()["is_primary"] is True
        assert (await registrar.read(first))["is_primary"] is False
        assert (await registrar.events(second))[-1] == "domain.updated"

    async def test_one_that_is_not_active_cannot_be(self, registrar: Registrar) -> None:
        domain = await registrar.added(f"a.{registrar.business.slug}.example")
        answer = await registrar.business.owner.post(f"{DOMAINS}/{domain['id']}/primary")
        assert refusal(answer) == (409, "invalid-transition")

    async def test_what_is_let_go_is_listed_no_more_and_stays_so(self, registrar: Registrar) -> None:
        domain = await registrar.active(f"a.{registrar.business.slug}.example")
        owner = registrar.business.owner
        for _ in range(2):
            assert (await owner.delete(f"{DOMAINS}/{domain['id']}")).status_code == 204
        assert (await owner.get(DOMAINS)).json()["items"] == []
        released = (await owner.get(DOMAINS, params={"status": "released"})).json()["items"]
        assert [each["id"] for each in released] == [domain["id"]]
        await registrar.change(domain, next_check_at=utcnow())
        await registrar.check()
        assert (await registrar.read(domain))["status"] == "released"
        assert refusal(await owner.post(f"{DOMAINS}/{domain['id']}/verify")) == (409, "invalid-transition")


class TestResolvers:
    async def test_no_answer_is_no_knowledge(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.integrations.dns._LIFETIME_SECONDS", 0.2)
        with pytest.raises(DnsUnavailable):
            await PublicDns(["127.0.0.1:9"]).texts("book.example")

    async def test_a_file_stands_for_the_name_system_in_development(self, tmp_path: Any) -> None:
        local = LocalDns(tmp_path / "dns.json")
        assert not await local.texts("a.example")
        assert not await local.aliases("a.example")
        (tmp_path / "dns.json").write_text(
            '{"a.example": {"CNAME": ["b.example"], "TXT": ["proof"]}, "b.example": {"A": ["192.0.2.1"]}}'
        )
        assert await local.texts("a.example") == {"proof"}
        assert list(await local.aliases("a.example")) == ["b.example"]
        assert await local.addresses("a.example") == {"192.0.2.1"}
