"""A business whose sandbox is furnished: what the examples of the documentation are tried on."""

from tests.actors import Business

WORK = {"weekly": [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(1, 8)], "overrides": []}


async def furnish(business: Business, token: str) -> str:
    """Somebody who serves, and two services; the id of the second."""
    desk = business.at(business.host, token)
    ada = await business.make("/resources", {"kind": "staff", "name": "Ada"}, client=desk)
    answer = await desk.put(f"/api/v1/resources/{ada['id']}/schedule", json=WORK | {"timezone": "Europe/Berlin"})
    assert answer.status_code == 200, answer.text
    for name in ("Beard trim", "Haircut"):
        body = {"name": name, "duration_minutes": 60, "requirements": [{"resource_ids": [ada["id"]]}]}
        made = await business.make("/services", body, client=desk)
    return str(made["id"])
