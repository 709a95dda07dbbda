"""Tickets of businesses in the back office."""

from typing import Any

from app.auth.roles import Role
from tests.actors import Business, Platform
from tests.admin.conftest import Hire
from tests.admin.office import Office, words
from tests.admin.test_tenants import rows

OWN = "/platform-tickets"


async def asked(business: Business, **changes: Any) -> dict[str, Any]:
    """A ticket that the business has opened."""
    return await business.make(OWN, {"subject": "Bookings vanish", "body": "Since\nMonday."} | changes)


async def seen(office: Office, ticket: dict[str, Any]) -> str:
    """What its page says."""
    page = await office.open(f"/tickets/{ticket['id']}")
    assert page.status_code == 200, words(page)
    return words(page)


async def heard(business: Business, ticket: dict[str, Any]) -> list[str]:
    answer = await business.owner.get(f"/api/v1{OWN}/{ticket['id']}/messages")
    return [message["body"] for message in answer.json()["items"]]


class TestList:
    async def test_finds_and_filters(self, superuser: Office, business: Business) -> None:
        await asked(business, subject="The bill", topic="billing", impact="stopped")
        host = await asked(business, subject="The host", topic="domains")
        own = {"tenant_id": business.id}
        assert rows((await superuser.open("/tickets", **own)).text) == ["The host", "The bill"]
        assert rows((await superuser.open("/tickets", sort="subject", **own)).text) == ["The bill", "The host"]
        for query in ({"q": "BILL"}, {"priority": "urgent"}, {"category": "billing"}):
            assert rows((await superuser.open("/tickets", **own, **query)).text) == ["The bill"], query
        assert len(rows((await superuser.open("/tickets", q=business.slug)).text)) == 2
        await superuser.post(f"/tickets/{host['id']}/status", status="resolved")
        assert rows((await superuser.open("/tickets", status="resolved", **own)).text) == ["The host"]
        assert rows((await superuser.open("/tickets", status="unsettled", **own)).text) == ["The bill"]

    async def test_finds_by_whose_they_are(self, superuser: Office, business: Business) -> None:
        first, _ = await asked(business, subject="First"), await asked(business, subject="Second")
        own = {"tenant_id": business.id}
        sorted_so = {"priority": "low", "category": "fault", "assignee_id": superuser.user_id}
        await superuser.post(f"/tickets/{first['id']}/sort", **sorted_so)
        assert rows((await superuser.open("/tickets", whose="mine", **own)).text) == ["First"]
        assert rows((await superuser.open("/tickets", whose="nobody's", **own)).text) == ["Second"]
        page = words(await superuser.open("/tickets", **own))
        assert "low fault Pat SUPERUSER" in page
        assert f"Tickets of The {business.slug}" in page

    async def test_is_empty_in_words(self, superuser: Office) -> None:
        assert "No ticket is like that." in words(await superuser.open("/tickets", q="no such thing at all"))

    async def test_of_no_business_is_refused_or_not_found(self, superuser: Office) -> None:
        assert (await superuser.open("/tickets", tenant_id="x")).status_code == 422
        nobody = "0195f1c4-0000-7000-8000-000000000000"
        assert (await superuser.open("/tickets", tenant_id=nobody)).status_code == 404

    async def test_an_unknown_filter_is_left_aside(self, superuser: Office, business: Business) -> None:
        await asked(business)
        page = await superuser.open("/tickets", q=business.slug, status="x", priority="x", whose="x", sort="body")
        assert rows(page.text) == ["Bookings vanish"]

    async def test_is_reached_from_the_business(self, superuser: Office, business: Business) -> None:
        assert f"/admin/tickets?tenant_id={business.id}" in (await superuser.open(f"/tenants/{business.id}")).text


class TestDetail:
    async def test_shows_what_was_said_and_what_is_known(self, superuser: Office, business: Business) -> None:
        made = await asked(business, phone="+49 30 1234567")
        page = await superuser.open(f"/tickets/{made['id']}")
        for said in (
            str(made["number"]),
            "Since Monday.",
            "Olga Owner",
            "+49 30 1234567",
            "ENTERPRISE",
            "1 of any number",
        ):
            assert said in words(page)
        assert "Nothing that is known." in words(page)
        assert f"/admin/tenants/{business.id}" in page.text

    async def test_answers_the_business(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        path = f"/tickets/{made['id']}"
        answer = await superuser.post(f"{path}/messages", body="Which ones?\r\nAll?", kind="reply")
        assert answer.headers["location"] == f"/admin{path}?done=ticket-answered"
        assert await heard(business, made) == ["Since\nMonday.", "Which ones?\nAll?"]
        page = words(await superuser.open(path, done="ticket-answered"))
        assert "The business has your answer." in page
        assert "in_progress" in page

    async def test_keeps_notes_from_the_business(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        answer = await superuser.post(f"/tickets/{made['id']}/messages", body="Between us", kind="note")
        assert answer.headers["location"].endswith("?done=ticket-noted")
        assert await heard(business, made) == ["Since\nMonday."]
        assert "Pat SUPERUSER note" in await seen(superuser, made)

    async def test_takes_no_empty_words(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        answer = await superuser.post(f"/tickets/{made['id']}/messages", body="  ", kind="reply")
        assert answer.status_code == 422

    async def test_offers_what_can_follow_and_does_it(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        path = f"/tickets/{made['id']}"
        answer = await superuser.post(f"{path}/status", status="closed", revision="1")
        assert answer.headers["location"].endswith("?done=ticket-status-set")
        page = await superuser.open(path)
        assert "<option>open</option>" in page.text
        assert "<option>waiting</option>" not in page.text
        refused = await superuser.post(f"{path}/status", status="waiting")
        assert refused.status_code == 409

    async def test_refuses_what_was_meant_for_an_earlier_state(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        path = f"/tickets/{made['id']}"
        assert 'name="revision" value="1"' in (await superuser.open(path)).text
        await business.make(f"{OWN}/{made['id']}/messages", {"body": "More."})
        for deed, fields in (("status", {"status": "closed"}), ("sort", {"priority": "low", "category": "fault"})):
            answer = await superuser.post(f"{path}/{deed}", revision="1", **fields)
            assert answer.status_code == 412, deed

    async def test_leaves_it_to_nobody_where_nobody_is_chosen(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        given = {"priority": "low", "category": "fault"}
        path = f"/tickets/{made['id']}"
        await superuser.post(f"{path}/sort", assignee_id=superuser.user_id, **given)
        assert f'value="{superuser.user_id}" selected' in (await superuser.open(path)).text
        await superuser.post(f"{path}/sort", assignee_id="", **given)
        assert f'value="{superuser.user_id}" selected' not in (await superuser.open(path)).text

    async def test_pages_through_long_conversations(self, superuser: Office, business: Business) -> None:
        made = await asked(business)
        for number in range(100):
            await business.make(f"{OWN}/{made['id']}/messages", {"body": f"word {number}."})
        first = await superuser.open(f"/tickets/{made['id']}")
        assert "word 98." in words(first)
        assert "word 99." not in words(first)
        later = first.text.partition('rel="next" href="')[2].partition('"')[0]
        assert "word 99." in words(await superuser.open(f"/tickets/{made['id']}{later}"))


class TestSales:
    async def test_see_what_demo_accounts_ask_and_answer_nothing(
        self, hire: Hire, platform: Platform, business: Business
    ) -> None:
        sales = await hire(Role.PLATFORM_SALES)
        demo = await platform.sign_up(is_temporary=True)
        theirs, other = await asked(demo), await asked(business)
        assert rows((await sales.open("/tickets", q=demo.slug)).text) == ["Bookings vanish"]
        assert rows((await sales.open("/tickets", q=business.slug)).text) == []
        assert "Your words" not in await seen(sales, theirs)
        assert (await sales.open(f"/tickets/{other['id']}")).status_code == 404
