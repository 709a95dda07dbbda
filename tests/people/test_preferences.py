import asyncio
from typing import Any

import orjson
import pytest

from app.core.ids import uuid7
from tests.actors import Business, Platform

PREFERENCES = "/api/v1/me/preferences"
UNSET: dict[str, Any] = {
    "locale": None,
    "timezone": None,
    "first_weekday": None,
    "time_format": None,
    "theme": None,
    "calendar": {"view": None, "slot_minutes": None, "shown_resource_ids": None},
    "notifications": {},
}
CHOSEN: dict[str, Any] = {
    "locale": "en",
    "timezone": "Asia/Tokyo",
    "first_weekday": 7,
    "time_format": "12h",
    "theme": "dark",
    "calendar": {"view": "day", "slot_minutes": 15, "shown_resource_ids": ["01980d3f-9a4e-7c1e-8000-000000000001"]},
    "notifications": {"ticket_news": {"in_app": None, "email": "digest"}},
}


class TestGetPreferences:
    async def test_follow_the_business_as_long_as_nothing_is_set(self, business: Business) -> None:
        answer = await business.owner.get(PREFERENCES)
        assert answer.headers["etag"].startswith('"0.')
        assert answer.json() == {
            "document": UNSET,
            "effective": {
                "locale": "en",
                "timezone": "Europe/Berlin",
                "first_weekday": 1,
                "time_format": "24h",
                "theme": "system",
                "calendar": {"view": "week", "slot_minutes": 30, "shown_resource_ids": None},
                "notifications": {
                    kind: {"in_app": True, "email": "at_once"}
                    for kind in (
                        *("ticket_assigned", "ticket_news", "ticket_overdue", "domain_changed"),
                        *("platform_ticket_replied", "support_ticket"),
                    )
                },
            },
        }
        await business.owner.patch("/api/v1/business", json={"first_weekday": 6, "timezone": "Asia/Tokyo"})
        effective = (await business.owner.get(PREFERENCES)).json()["effective"]
        assert (effective["first_weekday"], effective["timezone"]) == (6, "Asia/Tokyo")

    async def test_exist_at_the_platform_too(self, platform: Platform) -> None:
        effective = (await platform.superuser.get(PREFERENCES)).json()["effective"]
        assert (effective["locale"], effective["timezone"], effective["first_weekday"]) == ("en", "UTC", 1)

    async def test_are_for_people(self, business: Business) -> None:
        token = await business.client("customers:read")
        for answer in (await token.get(PREFERENCES), await token.put(PREFERENCES, json={})):
            assert (answer.status_code, answer.json()["code"]) == (403, "in-person-only")
        assert (await business.anonymous.get(PREFERENCES)).status_code == 401


class TestPutPreferences:
    async def test_are_kept_as_written_and_win(self, business: Business) -> None:
        answer = await business.owner.put(PREFERENCES, json=CHOSEN)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
        news = {"in_app": True, "email": "digest"}
        effective = answer.json()["effective"]
        assert answer.json()["document"] == CHOSEN
        assert effective == CHOSEN | {"notifications": effective["notifications"] | {"ticket_news": news}}
        read = await business.owner.get(PREFERENCES)
        assert (read.json(), read.headers["etag"].partition(".")[0]) == (answer.json(), '"1')

    async def test_replaces_the_whole(self, business: Business) -> None:
        await business.owner.put(PREFERENCES, json=CHOSEN)
        answer = await business.owner.put(PREFERENCES, json={"theme": "light"}, headers={"If-Match": '"1"'})
        assert answer.json()["document"] == UNSET | {"theme": "light"}
        assert answer.headers["etag"] == '"2"'

    async def test_what_was_read_can_be_written_back(self, business: Business) -> None:
        await business.owner.put(PREFERENCES, json=CHOSEN)
        read = await business.owner.get(PREFERENCES)
        answer = await business.owner.put(
            PREFERENCES, json=read.json()["document"], headers={"If-Match": read.headers["etag"]}
        )
        assert answer.json() == read.json()

    @pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}, {"If-Match": '"0"'}, {"If-Match": '"7", "8"'}])
    async def test_changes_nothing_that_the_client_has_not_read(
        self, business: Business, headers: dict[str, str]
    ) -> None:
        await business.owner.put(PREFERENCES, json=CHOSEN)
        answer = await business.owner.put(PREFERENCES, json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (412, "revision-stale")
        assert (await business.owner.get(PREFERENCES)).json()["document"] == CHOSEN

    async def test_the_first_may_say_that_it_is(self, business: Business) -> None:
        stale = await business.owner.put(PREFERENCES, json=CHOSEN, headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        assert (await business.owner.put(PREFERENCES, json=CHOSEN, headers={"If-Match": '"0"'})).status_code == 200

    @pytest.mark.parametrize("is_first", [True, False])
    async def test_of_many_at_once_one_is_kept(self, business: Business, is_first: bool) -> None:
        headers = {}
        if not is_first:
            headers["If-Match"] = (await business.owner.put(PREFERENCES, json=CHOSEN)).headers["etag"]
        bodies = [{"first_weekday": day} for day in range(1, 7)]
        answers = await asyncio.gather(*(business.owner.put(PREFERENCES, json=b, headers=headers) for b in bodies))
        (kept,) = [answer for answer in answers if answer.status_code == 200]
        assert [answer.status_code for answer in answers].count(412) == len(bodies) - 1
        assert (await business.owner.get(PREFERENCES)).json() == kept.json()

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"locale": "tlh"}, "/locale"),
            ({"timezone": "Mars/Olympus"}, "/timezone"),
            ({"first_weekday": 0}, "/first_weekday"),
            ({"first_weekday": 8}, "/first_weekday"),
            ({"time_format": "metric"}, "/time_format"),
            ({"theme": "solarized"}, "/theme"),
            ({"calendar": {"view": "year"}}, "/calendar/view"),
            ({"calendar": {"slot_minutes": 1}}, "/calendar/slot_minutes"),
            ({"calendar": {"shown_resource_ids": ["me"]}}, "/calendar/shown_resource_ids/0"),
            ({"calendar": {"color": "red"}}, "/calendar/color"),
            ({"calendar": None}, "/calendar"),
            ({"role": "TENANT_OWNER"}, "/role"),
        ],
    )
    async def test_refuses_and_points_at(self, bystander: Business, body: dict[str, Any], pointer: str) -> None:
        answer = await bystander.owner.put(PREFERENCES, json=body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]

    async def test_the_longest_stays_small(self, business: Business) -> None:
        ids = [str(uuid7()) for _ in range(201)]
        too_long = await business.owner.put(PREFERENCES, json={"calendar": {"shown_resource_ids": ids}})
        assert too_long.status_code == 422
        longest = CHOSEN | {"calendar": {"view": "month", "slot_minutes": 240, "shown_resource_ids": ids[1:]}}
        answer = await business.owner.put(PREFERENCES, json=longest)
        assert answer.json()["document"] == longest
        assert len(orjson.dumps(longest)) < 16 * 1024

    async def test_belong_to_one_user(self, business: Business, other_business: Business) -> None:
        await business.owner.put(PREFERENCES, json=CHOSEN)
        assert (await other_business.owner.get(PREFERENCES)).json()["document"] == UNSET
