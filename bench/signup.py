"""Signing a business up: its record, its owner, both schemas."""

from itertools import count

from bench.pairs import milliseconds, take_turns
from bench.stage import PASSWORD, Stage


async def measure(stage: Stage) -> None:
    """Print the median time of a sign-up."""
    numbers = count()

    async def sign_up() -> None:
        slug = f"signed-up-{next(numbers)}"
        owner = {"email": f"owner@{slug}.example", "name": "Owner", "password": PASSWORD}
        await stage.platform.make("/platform/tenants", {"name": slug, "slug": slug, "owner": owner})

    (taken,) = await take_turns(sign_up, rounds=20, warm_up=2)
    print("POST /platform/tenants")
    print(f"  median      {milliseconds(taken)}")
