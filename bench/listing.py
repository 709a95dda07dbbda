"""`GET /appointments?limit=50` with tenant and token, beside a bare Starlette and asyncpg endpoint."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import orjson
from sqlalchemy import insert
from sqlalchemy.engine import make_url
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.tenant import AppointmentRow
from bench.calling import Caller
from bench.pairs import milliseconds, take_turns
from bench.stage import Stage, add_service, add_staff, next_monday, round_trips_of

PAGE = 50
APPOINTMENTS = 2_000
PATH = f"/api/v1/appointments?limit={PAGE}"
ROWS = f"""
SELECT id, status, service_id, customer_id, resource_ids, start_at, end_at, timezone, price_minor, currency, notes,
  source, expires_at, cancelled_at, cancelled_by, cancel_reason, rescheduled_from_id, rescheduled_to_id, ics_uid,
  ics_sequence, revision, created_at, updated_at
FROM tenant_bench.appointments ORDER BY start_at, id LIMIT {PAGE + 1}
"""  # noqa: S608 — our own number


async def measure(stage: Stage, owner: Caller) -> None:
    """Print both medians, their ratio, and our round trips."""
    await _fill(stage, owner)
    ours = await stage.token(owner)
    url = make_url(stage.settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(url, min_size=1, max_size=5) as pool:
        bare = Caller(_bare(pool))
        theirs, here = (await bare("GET", "/")).json(), (await ours("GET", PATH)).json()
        if [item["id"] for item in theirs["items"]] != [item["id"] for item in here["items"]]:
            raise RuntimeError("the two sides answer differently")
        packing = replace(ours, encoding="gzip")
        limit, taken, packed = await take_turns(
            lambda: bare("GET", "/"), lambda: ours("GET", PATH), lambda: packing("GET", PATH), rounds=1_000
        )
    print(f"GET /appointments?limit={PAGE}")
    print(f"  bare limit         {milliseconds(limit)}")
    print(f"  with tenant, token {milliseconds(taken)}   {limit / taken:.2f} of the limit's speed")
    print(f"  packed             {milliseconds(packed)}   {packed / taken:.2f} times that")
    print(f"  round trips        {await round_trips_of(stage, ours, lambda caller: caller('GET', PATH)):5d}")


def _bare(pool: asyncpg.Pool) -> Starlette:
    async def appointments(_request: Request) -> Response:
        rows = await pool.fetch(ROWS)
        items = [dict(row) for row in rows[:PAGE]]
        for item in items:
            item["id"] = str(item["id"])
        body = orjson.dumps({"items": items, "next_cursor": None}, default=str, option=orjson.OPT_UTC_Z)
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/", appointments)])


async def _fill(stage: Stage, owner: Caller) -> None:
    members = await add_staff(owner, 1)
    service_id = await add_service(owner, members)
    customer_id = (await owner.make("/customers", {"name": "Cleo Customer"}))["id"]
    now, first = utcnow(), next_monday()
    rows = [
        {
            "id": uuid7(),
            "customer_id": customer_id,
            "service_id": service_id,
            "resource_ids": members,
            "start_at": first + timedelta(minutes=30 * number),
            "end_at": first + timedelta(minutes=30 * number + 30),
            "timezone": "UTC",
            "status": "confirmed",
            "price_minor": 4500,
            "currency": "EUR",
            "notes": "",
            "source": "api",
            "ics_uid": f"{number}@bench",
            "ics_sequence": 0,
            "revision": 1,
            "created_at": now,
            "updated_at": now,
        }
        for number in range(APPOINTMENTS)
    ]
    async with stage.app.state.database.transaction("tenant_bench") as session:
        await session.execute(insert(AppointmentRow), rows)
