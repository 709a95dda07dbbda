"""A business that has some of everything, so that what schemathesis asks for by its id is there."""

from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from app.auth.passwords import hash_password
from app.auth.roles import Role
from app.core.clock import utcnow
from tests.actors import PASSWORD, Business
from tests.conformance.desk import Desk
from tests.domains.names import custom_domain
from tests.media.made import announcement, attached, logo_of

Words = dict[str, list[str]]
"""What a parameter or a part of a body may be told, by its place: `path.service_id`, `body.start`."""

_OF_EACH = 5  # some are archived, deleted or cancelled on the way


async def stock(app: FastAPI, business: Business) -> Words:
    """Fill the business's shelves. What comes back leads to all that lies on them."""
    ids: dict[str, list[str]] = defaultdict(list)
    colleagues = Desk(app, Role.TENANT_STAFF, UUID(business.id), await hash_password(PASSWORD))
    for number in range(_OF_EACH):
        colleague = str((await colleagues.new_user()).id)
        ids["user_id"].append(colleague)
        ids["grantee_id"].append(colleague)
        await _add_calendar(business, ids)
        for name, path, body in _things(number, colleague):
            ids[name].append(await _make(business, path, body))
        ids["message_id"].append(await attached(app, business, ids["media_id"][-1], ids["ticket_id"][-1]))
    async with app.state.database.transaction() as session:
        domains = [custom_domain(UUID(business.id), f"book-{number}.salons.example") for number in range(_OF_EACH)]
        session.add_all(domains)
        ids["domain_id"] += [str(domain.id) for domain in domains]
    ids["picture_id"].append(await logo_of(app, business))
    words = {f"{place}.{name}": values for name, values in ids.items() for place in ("path", "query", "body")}
    return words | {
        "body.requirements[*].resource_ids[*]": ids["resource_id"],
        "body.into_id": ids["ticket_id"],
        "body.hostname": ["book.salons.example", "termine.müller.example"],
        "body.start": _hours(8, 9, 11, 12),
        "query.start": _hours(0),
        "body.end": _hours(24),
        "query.end": _hours(24),
    }


def _hours(*hours: int) -> list[str]:
    """These hours of the day after tomorrow."""
    midnight = utcnow().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    return [(midnight + timedelta(hours=hour)).isoformat() for hour in hours]


def _things(number: int, colleague: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What stands by itself: the name of its ids, where it is made, and of what."""
    grant = {"grantee_id": colleague, "permissions": ["audit:read"], "reason": "Looks after it", "minutes": 60}
    return [
        ("token_id", "/tokens", {"name": "Our website", "mode": "test", "scopes": ["services:read"]}),
        ("endpoint_id", "/webhook-endpoints", {"url": "https://example.com/hooks", "events": ["*"]}),
        ("grant_id", "/grants", grant),
        ("ticket_id", "/tickets", {"subject": "The bill", "body": "It is wrong."}),
        ("canned_reply_id", "/canned-replies", {"title": "Thanks", "body": "Thank you, {{ customer.name }}."}),
        ("view_id", "/ticket-views", {"name": "Late", "criteria": {"overdue": True}}),
        ("platform_ticket_id", "/platform-tickets", {"subject": "Bookings vanish", "body": "Since this morning."}),
        ("invitation_id", "/invitations", _invitation(number)),
        ("media_id", "/media", announcement()),
    ]


def _invitation(number: int) -> dict[str, Any]:
    return {"email": f"guest-{number}@people.example", "name": "Guest", "role": "TENANT_STAFF"}


async def _add_calendar(business: Business, ids: dict[str, list[str]]) -> None:
    """Somebody who works round the clock, what they do, for whom, and a block in their time."""
    resource = await _make(business, "/resources", {"kind": "staff", "name": "Ada"})
    weekly = [{"weekday": weekday, "start": "00:00", "end": "00:00"} for weekday in range(1, 8)]
    address = f"/api/v1/resources/{resource}/schedule"
    answer = await business.owner.put(address, json={"timezone": "UTC", "weekly": weekly})
    assert answer.status_code == 200, answer.text
    requirements = [{"resource_ids": [resource]}]
    service = await _make(business, "/services", {"name": "Cut", "duration_minutes": 30, "requirements": requirements})
    customer = await _make(business, "/customers", {"name": "Grace Hopper", "email": "grace@hopper.example"})
    visit = {"service_id": service, "customer_id": customer}
    for start in _hours(9, 10):
        ids["appointment_id"].append(await _make(business, "/appointments", visit | {"start": start}))
    waiting = dict(zip(("start", "end"), _hours(0, 1), strict=True))
    shared = {"name": "Yoga", "duration_minutes": 30, "capacity": 3, "requirements": requirements}
    lesson = visit | {"service_id": await _make(business, "/services", shared), "start": _hours(13)[0]}
    seat = await business.make("/appointments", lesson)
    ids["class_session_id"].append(seat["class_session_id"])
    away = dict(zip(("start", "end"), _hours(0, 1), strict=True))
    ids["block_id"].append(await _make(business, f"/resources/{resource}/blocks", away))
    ids["entry_id"].append(await _make(business, "/waitlist", visit | waiting))
    ids["resource_id"].append(resource)
    ids["service_id"].append(service)
    ids["customer_id"].append(customer)


async def _make(business: Business, path: str, body: dict[str, Any]) -> str:
    made = await business.make(path, body)
    return str(made.get("items", [made])[0]["id"])
