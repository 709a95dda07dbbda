"""The audit trail in the back office."""

import csv
import io

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests.actors import Business
from tests.admin.office import Office, words


class TestList:
    async def test_shows_who_did_what_newest_first(self, superuser: Office, business: Business) -> None:
        await superuser.post(f"/tenants/{business.id}/tier", subscription_tier="STARTER")
        page = await superuser.open("/audit", tenant_id=business.id, event="tenant.*")
        said = words(page)
        assert f"Audit trail of The {business.slug}" in said
        assert f"tenant.changed success {superuser.email}" in said
        assert "subscription_tier ENTERPRISE → STARTER" in said
        assert said.index("tenant.changed success") < said.index("tenant.created success")

    async def test_filters_by_day_and_object(self, superuser: Office, business: Business) -> None:
        here = {"tenant_id": business.id, "event": "tenant.created"}
        for query, shown in (
            ({"since": "2026-01-01"}, True),
            ({"until": "2026-01-01"}, False),
            ({"object_id": business.id}, True),
            ({"object_id": superuser.user_id}, False),
            ({"result": "denied"}, False),
        ):
            page = words(await superuser.open("/audit", **here, **query))
            assert ("No entry is like that." not in page) is shown, query

    async def test_pages_to_the_older(self, superuser: Office) -> None:
        first = await superuser.open("/audit", limit=1)
        assert "Older" in words(first)
        link = first.text.partition('rel="next" href="/admin/audit')[2] or first.text.partition('rel="next" href="')[2]
        cursor = link.partition("cursor=")[2].partition('"')[0]
        assert "Newest" in words(await superuser.open("/audit", limit=1, cursor=cursor))

    @pytest.mark.parametrize("query", [{"event": "x"}, {"actor_id": "x"}, {"since": "x"}, {"cursor": "x"}])
    async def test_nonsense_is_named(self, superuser: Office, query: dict[str, str]) -> None:
        assert (await superuser.open("/audit", **query)).status_code in {400, 422}


class TestVerify:
    async def test_says_how_far_the_chain_is_whole(self, superuser: Office, business: Business) -> None:
        before = words(await superuser.open("/audit", tenant_id=business.id))
        assert "Nobody has verified this chain yet." in before
        report = words(await superuser.post("/audit/verify", tenant_id=business.id))
        assert "entries fit, from the first to the end." in report
        after = words(await superuser.open("/audit", tenant_id=business.id))
        assert "intact Verified up to entry" in after

    async def test_finds_what_somebody_changed(self, superuser: Office, business: Business, app: FastAPI) -> None:
        async with app.state.database.transaction() as session:
            await session.execute(text("ALTER TABLE public.audit_entries DISABLE TRIGGER USER"))
            await session.execute(
                text("UPDATE public.audit_entries SET reason = 'forged' WHERE chain_id = :id AND seq = 1"),
                {"id": business.id},
            )
            await session.execute(text("ALTER TABLE public.audit_entries ENABLE TRIGGER USER"))
        report = words(await superuser.post("/audit/verify", tenant_id=business.id))
        assert "broken Entries 1 to 0 fit. At entry 1: changed" in report
        assert "broken changed after entry 0" in words(await superuser.open("/audit", tenant_id=business.id))
        trail = words(await superuser.open("/audit", event="audit.verified", result="failed"))
        assert superuser.email in trail

    async def test_of_a_business_that_is_not_there_is_nothing(self, superuser: Office) -> None:
        assert (await superuser.post("/audit/verify", tenant_id=superuser.user_id)).status_code == 404


class TestExport:
    async def test_gives_the_entries_as_csv_and_says_so_in_the_trail(
        self, superuser: Office, business: Business
    ) -> None:
        answer = await superuser.post("/audit/export", tenant_id=business.id, event="tenant.*", since="2026-01-01")
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
        lines = list(csv.DictReader(io.StringIO(answer.text)))
        assert [line["event"] for line in lines] == ["tenant.created"]
        assert "audit.exported" in words(await superuser.open("/audit", tenant_id=business.id))
