"""One booking through the whole stack."""

from datetime import timedelta
from itertools import count

from bench.calling import Caller
from bench.pairs import milliseconds, take_turns
from bench.stage import Stage, add_service, add_staff, next_monday, round_trips_of

ROUNDS = 200


async def measure(stage: Stage, owner: Caller) -> None:
    """Print the median time of a booking and its round trips."""
    service_id = await add_service(owner, await add_staff(owner, 1), booking_window_days=None)
    customer_id = (await owner.make("/customers", {"name": "Cleo Customer"}))["id"]
    caller = await stage.token(owner)
    free = count()

    def body() -> dict[str, str]:
        day, slot = divmod(next(free), 20)
        start = next_monday(2) + timedelta(days=day, hours=8, minutes=30 * slot)
        return {"service_id": service_id, "customer_id": customer_id, "start": start.isoformat()}

    (taken,) = await take_turns(lambda: caller.make("/appointments", body()), rounds=ROUNDS)
    trips = await round_trips_of(stage, caller, lambda counted: counted.make("/appointments", body()))
    print("POST /appointments")
    print(f"  median      {milliseconds(taken)}")
    print(f"  round trips {trips:5d}")
