"""Signing a business up: its record, its owner, both schemas."""

from itertools import count

from bench.calling import Caller
from bench.pairs import milliseconds, take_turns
from bench.stage import PASSWORD, Stage, round_trips_of


async def measure(stage: Stage) -> None:
    """Print the median time of a sign-up."""
    numbers = count()

    async def sign_up(platform: Caller) -> None:
        slug = f"signed-up-{next(numbers)}"
        owner = {"email": f"owner@{slug}.example", "name": "Owner", "password": PASSWORD}
        await platform.make("/platform/tenants", {"name": slug, "slug": slug, "owner": owner})

    (taken,) = await take_turns(lambda: sign_up(stage.platform), rounds=20, warm_up=2)
    print("POST /platform/tenants")
    print(f"  median      {milliseconds(taken)}")
    print(f"  round trips {await round_trips_of(stage, stage.platform, sign_up):5d}")
