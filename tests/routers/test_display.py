"""Instants in the zone of the caller's choice, through the whole stack."""

from datetime import datetime
from typing import Any

import pytest
from fastapi import FastAPI

from tests.actors import Business
from tests.scheduling.salon import Salon, at

IN_ZONES = {"$ref": "#/components/parameters/TimeZone"}


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.fixture
async def salon(business: Business) -> Salon:
    return await Salon.open(business)


def has_instant(document: dict[str, Any], schema: Any) -> bool:
    """Whether there is an instant somewhere in what this schema describes."""
    if isinstance(schema, list):
        return any(has_instant(document, each) for each in schema)
    if not isinstance(schema, dict):
        return False
    if "$ref" in schema:
        return has_instant(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema.get("format") == "date-time" or any(has_instant(document, each) for each in schema.values())


class TestTimezone:
    async def test_shows_the_same_instants_with_its_offset(self, salon: Salon) -> None:
        service = await salon.service([await salon.resource()])
        made = await salon.booked(service, "08:00", hold=True, notes=at("08:00"))
        for zone, start in (
            ("Europe/Berlin", "T09:00:00+01:00"),
            ("America/St_Johns", "T04:30:00-03:30"),
            ("UTC", "T08:00:00+00:00"),
        ):
            query = {"timezone": zone}
            alone = (await salon.desk.get(f"/api/v1/appointments/{made['id']}", params=query)).json()
            (listed,) = (await salon.desk.get("/api/v1/appointments", params=query)).json()["items"]
            assert alone == listed
            assert alone["start"] == f"2027-02-01{start}"
            assert {name for name, value in alone.items() if made[name] != value} == {
                "start",
                "end",
                "expires_at",
                "created_at",
                "updated_at",
            }
            assert datetime.fromisoformat(alone["created_at"]) == datetime.fromisoformat(made["created_at"])

    async def test_leaves_alone_what_is_no_instant(self, business: Business) -> None:
        await business.make("/customers", {"name": at("08:00"), "notes": at("09:00")})
        path = "/api/v1/customers"
        (plain,) = (await business.owner.get(path)).json()["items"]
        (shown,) = (await business.owner.get(path, params={"timezone": "Asia/Tokyo"})).json()["items"]
        assert {name for name in plain if plain[name] != shown[name]} == {"created_at", "updated_at"}
        assert shown["created_at"].endswith("+09:00")

    async def test_knows_a_winter_from_a_summer(self, business: Business) -> None:
        resource = await business.make("/resources", {"kind": "room", "name": "Room"})
        path = f"/resources/{resource['id']}/blocks"
        for day in ("2027-01-01", "2027-07-01"):
            await business.make(path, {"start": f"{day}T12:00:00Z", "end": f"{day}T13:00:00Z"})
        blocks = (await business.owner.get(f"/api/v1{path}", params={"timezone": "Europe/Berlin"})).json()["items"]
        assert [block["start"] for block in blocks] == ["2027-01-01T13:00:00+01:00", "2027-07-01T14:00:00+02:00"]

    @pytest.mark.parametrize("path", ["/customers", "/me", "/appointments", "/availability"])
    async def test_is_refused_where_it_is_none(self, business: Business, path: str) -> None:
        for zone in ("Mars/Olympus", "", "../../etc/passwd", "europe/berlin"):
            answer = await business.owner.get(f"/api/v1{path}", params={"timezone": zone})
            assert answer.status_code == 422
            assert "timezone" in [error["pointer"] for error in answer.json()["errors"]]

    async def test_does_not_get_past_a_refusal(self, business: Business) -> None:
        answer = await business.anonymous.get("/api/v1/customers", params={"timezone": "Asia/Tokyo"})
        assert answer.status_code == 401


class TestDocument:
    def test_says_so_of_every_read_that_shows_instants(self, document: dict[str, Any]) -> None:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
                shows = method == "get" and path.startswith("/api/v1/") and has_instant(document, answer)
                parameters = operation.get("parameters", [])
                says = IN_ZONES in parameters or any(each.get("name") == "timezone" for each in parameters)
                assert says is shows, operation["operationId"]
