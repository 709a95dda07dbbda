from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import AuditEntryRow
from app.people.users import create_user
from tests.actors import PASSWORD, Business, Platform, log_in

BUSINESS = "/api/v1/business"
CHANGES = {
    "name": "Lovelace & Daughters",
    "timezone": "Asia/Tokyo",
    "currency": "JPY",
    "locale": "en",
    "first_weekday": 7,
    "brand_color": "#1d4ed8",
    "self_sign_up": True,
    "cors_origins": ["https://app.example", "http://localhost:3000"],
    "history_days": 20,
}


class TestGetBusiness:
    async def test_answers_with_every_field(self, business: Business) -> None:
        found = (await business.owner.get(BUSINESS)).json()
        assert found.pop("created_at") == found.pop("updated_at")
        assert found == {
            "id": business.id,
            "slug": business.slug,
            "name": f"The {business.slug}",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "locale": "en",
            "first_weekday": 1,
            "brand_color": None,
            "self_sign_up": False,
            "cors_origins": [],
            "history_days": None,
            "logo_url": None,
            "subscription_tier": "ENTERPRISE",
            "is_temporary": False,
            "demo_expires_at": None,
        }

    async def test_needs_the_permission(self, business: Business) -> None:
        stranger = await business.client("customers:read")
        assert (await stranger.get(BUSINESS)).json()["code"] == "permission-denied"
        assert (await business.anonymous.get(BUSINESS)).status_code == 401


class TestHistoryDays:
    async def test_are_at_most_what_the_subscription_covers(self, platform: Platform) -> None:
        business = await platform.sign_up(subscription_tier="FREE")
        answer = await business.owner.patch(BUSINESS, json={"history_days": 31})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["pointer"], error["code"]) == (422, "/history_days", "unsuitable")
        assert error["detail"] == "the subscription covers 30 days at most"
        for days in (30, 1, None):
            answer = await business.owner.patch(BUSINESS, json={"history_days": days})
            assert answer.json()["history_days"] == days


class TestUpdateBusiness:
    async def test_changes_what_is_named_at_once(self, business: Business) -> None:
        before = (await business.owner.get(BUSINESS)).json()
        answer = await business.owner.patch(BUSINESS, json=CHANGES)
        assert answer.status_code == 200
        after = answer.json()
        assert after == before | CHANGES | {"updated_at": after["updated_at"]}
        assert (await business.owner.get(BUSINESS)).json() == after
        assert (await business.anonymous.get("/")).json()["business"] == CHANGES["name"]

    async def test_a_field_left_out_stays_and_a_null_clears(self, business: Business) -> None:
        await business.owner.patch(BUSINESS, json=CHANGES)
        kept = (await business.owner.patch(BUSINESS, json={})).json()
        assert {name: kept[name] for name in CHANGES} == CHANGES
        cleared = (await business.owner.patch(BUSINESS, json={"brand_color": None})).json()
        assert cleared["brand_color"] is None

    @pytest.mark.parametrize("color", ["#1D4ED8", "#1d4ed8"])
    async def test_a_color_is_kept_in_lower_case(self, business: Business, color: str) -> None:
        answer = await business.owner.patch(BUSINESS, json={"brand_color": color})
        assert answer.json()["brand_color"] == "#1d4ed8"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", None),
            ("timezone", "Mars/Olympus"),
            ("timezone", None),
            ("currency", "euro"),
            ("locale", "tlh"),
            ("first_weekday", 0),
            ("first_weekday", 8),
            ("brand_color", "red"),
            ("brand_color", "#12345"),
            ("brand_color", "#1d4ed8; background: url(//evil.example)"),
            ("history_days", 0),
            ("history_days", 36_501),
            ("self_sign_up", None),
            ("cors_origins", None),
            ("cors_origins", [f"https://app{number}.example" for number in range(21)]),
            ("subscription_tier", "ENTERPRISE"),
            ("is_temporary", False),
            ("demo_expires_at", "2027-01-01T00:00:00Z"),
            ("status", "active"),
            ("slug", "another"),
            ("schema_name", "public"),
        ],
    )
    async def test_refuses_and_points_at(self, bystander: Business, field: str, value: object) -> None:
        answer = await bystander.owner.patch(BUSINESS, json={field: value})
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]

    @pytest.mark.parametrize(
        ("origin", "kept"),
        [
            ("https://app.example", "https://app.example"),
            ("HTTPS://App.Example", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("https://app.example:8443", "https://app.example:8443"),
            ("https://straße.example", "https://xn--strae-oqa.example"),
            ("https://xn--strae-oqa.example", "https://xn--strae-oqa.example"),
            ("https://192.0.2.7", "https://192.0.2.7"),
            ("https://[2001:DB8::7]:8443", "https://[2001:db8::7]:8443"),
            ("http://localhost", "http://localhost"),
            ("http://localhost:80", "http://localhost"),
            ("http://app.localhost:3000", "http://app.localhost:3000"),
            ("http://127.0.0.1:5173", "http://127.0.0.1:5173"),
            ("http://[::1]:5173", "http://[::1]:5173"),
        ],
    )
    async def test_keeps_an_origin_as_browsers_say_it(self, business: Business, origin: str, kept: str) -> None:
        answer = await business.owner.patch(BUSINESS, json={"cors_origins": [origin, kept]})
        assert answer.json()["cors_origins"] == [kept]

    @pytest.mark.parametrize(
        "origin",
        [
            "",
            "*",
            "null",
            "app.example",
            "https://",
            "https://*.example",
            "https://*",
            "https://app.example/",
            "https://app.example/path",
            "https://app.example?query",
            "https://app.example#fragment",
            "https://user@app.example",
            "https://app.example:",
            "https://app.example:0x50",
            "https://app.example:99999",
            "https://app..example",
            "https://-app.example",
            "https://app_1.example",
            "https://[2001:db8::7",
            "https://ap p.example",
            "https://app.example,https://other.example",
            "http://app.example",
            "http://notlocalhost",
            "ftp://app.example",
            "file://",
            "chrome-extension://abcdefghijklmnop",
        ],
    )
    async def test_refuses_what_is_no_origin(self, bystander: Business, origin: str) -> None:
        answer = await bystander.owner.patch(BUSINESS, json={"cors_origins": ["https://app.example", origin]})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cors_origins/1")

    async def test_is_written_down_in_the_businesss_own_chain(self, business: Business, app: FastAPI) -> None:
        await business.owner.patch(BUSINESS, json={"first_weekday": 7, "currency": "EUR"})
        query = select(AuditEntryRow).where(
            AuditEntryRow.tenant_id == UUID(business.id), AuditEntryRow.event == "business.changed"
        )
        async with app.state.database.transaction() as session:
            entry = (await session.scalars(query)).one()
        assert entry.diff == {"first_weekday": {"from": 1, "to": 7}}
        assert (entry.object_type, entry.object_id, entry.method) == ("tenant", business.id, "PATCH")

    async def test_concerns_one_business(self, business: Business, other_business: Business) -> None:
        await business.owner.patch(BUSINESS, json=CHANGES)
        other = (await other_business.owner.get(BUSINESS)).json()
        assert (other["name"], other["brand_color"]) == (f"The {other_business.slug}", None)

    @pytest.mark.parametrize(("areas", "status"), [(["settings"], 200), (["customers"], 403)])
    async def test_staff_need_the_area(self, business: Business, app: FastAPI, areas: list[str], status: int) -> None:
        email = f"staff@{business.slug}.example"
        async with app.state.database.transaction() as session:
            user: Any = await create_user(
                session,
                email=email,
                name="Sam",
                password=PASSWORD,
                role=Role.TENANT_STAFF,
                tenant_id=UUID(business.id),
                now=utcnow(),
            )
            user.areas = areas
        staff = business.at(business.host, await log_in(business.anonymous, email))
        assert (await staff.get(BUSINESS)).status_code == 200
        assert (await staff.patch(BUSINESS, json={"first_weekday": 7})).status_code == status
