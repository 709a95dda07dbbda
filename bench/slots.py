"""Free slots, at an HTTP client over a real socket."""

import asyncio
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlencode

import httpx
import uvicorn
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range

from app.core.ids import uuid7
from app.models.tenant import BlockRow, ClaimRow
from bench.calling import Caller
from bench.pairs import milliseconds, take_turns
from bench.stage import Stage, add_service, add_staff, next_monday, round_trips_of

DAYS = 31
ROUNDS = 200


async def measure(stage: Stage, owner: Caller) -> None:
    """Print the median time of a month's slots, for one member of staff and for twenty with 4,000 claims."""
    config = uvicorn.Config(stage.app, port=0, lifespan="off", access_log=False, log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    caller = await stage.token(owner)
    headers = {"Host": owner.host, "Authorization": f"Bearer {caller.token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        for staff, claims in ((1, 0), (20, 4_000)):
            members = await add_staff(owner, staff)
            service_id = await add_service(owner, members, slot_step_minutes=15)
            await _occupy(stage, members, claims)
            await _measure(client, service_id, f"{staff} staff x {DAYS} days, {claims} claims")
            print(f"  round trips {await _round_trips(stage, caller, service_id):5d}")
    server.should_exit = True
    await serving


def _month(service_id: str) -> dict[str, str]:
    start = next_monday()
    return {"service_id": service_id, "start": start.isoformat(), "end": (start + timedelta(days=DAYS)).isoformat()}


async def _round_trips(stage: Stage, caller: Caller, service_id: str) -> int:
    path = f"/api/v1/availability?{urlencode(_month(service_id))}"
    return await round_trips_of(stage, caller, lambda counted: counted("GET", path))


async def _measure(client: httpx.AsyncClient, service_id: str, name: str) -> None:
    async def ask() -> httpx.Response:
        return await client.get("/api/v1/availability", params=_month(service_id))

    slots = len((await ask()).raise_for_status().json()["slots"])
    (taken,) = await take_turns(ask, rounds=ROUNDS)
    print(f"GET /availability, {name}: {slots} slots")
    print(f"  median      {milliseconds(taken)}")


async def _occupy(stage: Stage, members: list[str], claims: int) -> None:
    """Claims that lie side by side, somewhere in each member's days."""
    if not claims:
        return
    random = Random(1)  # noqa: S311 — a repeatable workload, no secret
    a_day = claims // len(members) // DAYS + 1
    starts: list[tuple[str, datetime]] = []
    for member in members:
        for day in range(DAYS):
            opening = next_monday() + timedelta(days=day, hours=8, minutes=random.randrange(0, 60, 5))
            starts += [(member, opening + timedelta(minutes=90 * number)) for number in range(a_day)]
    random.shuffle(starts)
    blocks, rows = [], []
    for member, start in starts[:claims]:
        block_id, end = uuid7(), start + timedelta(minutes=random.choice((20, 30, 45)))
        blocks.append(
            {"id": block_id, "resource_id": member, "start_at": start, "end_at": end, "reason": "", "created_at": start}
        )
        rows.append({"id": uuid7(), "resource_id": member, "during": Range(start, end), "block_id": block_id})
    async with stage.app.state.database.transaction("tenant_bench") as session:
        await session.execute(insert(BlockRow), blocks)
        await session.execute(insert(ClaimRow), rows)
