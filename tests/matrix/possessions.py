"""What a business has that an address can name: one of each."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select, update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import PasskeyRow
from app.models.tenant import ClassSessionRow, CustomerRow
from app.tenancy.slugs import schema_name
from tests.actors import PASSWORD, Business
from tests.auth.cast import Cast, Person
from tests.domains.names import custom_domain
from tests.media.made import announcement, attached, logo_of
from tests.outboxes import number_deliveries
from tests.scheduling.catalogue import add_resource, add_service, class_session_of, occupy

_START_AT = datetime(2031, 3, 3, 10, tzinfo=UTC)

BODIES: dict[str, dict[str, Any]] = {
    "rescheduleAppointment": {"start": "2031-03-04T10:00:00Z"},
    "replaceSchedule": {"timezone": "UTC", "weekly": [], "overrides": []},
    "setTicketStatus": {"status": "closed"},
    "addTicketMessage": {"body": "Thank you."},
    "rateTicket": {"rating": 5},
    "mergeTicket": {"into_id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"},
    "replyToPlatformTicket": {"body": "Thank you."},
    "setSupportTicketStatus": {"status": "closed"},
    "addSupportTicketMessage": {"body": "Thank you."},
    "joinWaitlist": {"start": "2031-03-05T10:00:00Z", "end": "2031-03-06T10:00:00Z"},
    "createBlock": {"start": "2031-03-05T10:00:00Z", "end": "2031-03-05T11:00:00Z"},
    "deletePasskey": {"current_password": PASSWORD},
    "createWebhookReplay": {"since": "2026-01-01T00:00:00Z"},
}
"""What operations on these have to be told. All others are content with nothing, or with an empty object."""


async def possessions(app: FastAPI, cast: Cast, business: Business) -> dict[str, str]:
    """The ids of what there is, by the name that addresses have for each."""
    member = await cast.add(Role.TENANT_STAFF, business)
    found = await _in_its_schema(app, cast, business) | await _shared(app, cast, business, member)
    return found | {"tenant_id": business.id, "user_id": str(member.id), "session_id": str(member.session_id)}


async def _in_its_schema(app: FastAPI, cast: Cast, business: Business) -> dict[str, str]:
    await number_deliveries(app, business)
    resource = await add_resource(business)
    service = await add_service(business, [resource["id"]])
    await occupy(app, business, service, resource["id"], (_START_AT, _START_AT + timedelta(minutes=30)))
    (appointment,) = (await business.owner.get("/api/v1/appointments")).json()["items"]
    during = {"start": "2031-03-03T12:00:00Z", "end": "2031-03-03T17:00:00Z"}
    block = await business.make(f"/resources/{resource['id']}/blocks", during)
    waiting = {"service_id": service["id"], "customer_id": appointment["customer_id"], **during}
    entry = await business.make("/waitlist", waiting)
    ticket = await business.make("/tickets", {"subject": "The bill", "body": "It is wrong."})
    file = await business.make("/media", announcement())
    reply = await business.make("/canned-replies", {"title": "Thanks", "body": "Thank you."})
    view = await business.make("/ticket-views", {"name": "All", "criteria": {}, "is_shared": True})
    endpoint = await business.make("/webhook-endpoints", {"url": "https://example.com/hook", "events": ["*"]})
    customer = await business.make("/customers", {"name": "Ada", "email": "ada@lovelace.example"})
    guest = await cast.add(Role.CUSTOMER, business)
    async with app.state.database.transaction(schema_name(business.slug)) as session:
        theirs = update(CustomerRow).where(CustomerRow.id == UUID(customer["id"]))
        await session.execute(theirs.values(user_id=guest.id))
        session.add(class_session_of(service, resource["id"]))
        await session.flush()
        class_session_id = await session.scalar(select(ClassSessionRow.id))
    return {
        "resource_id": resource["id"],
        "service_id": service["id"],
        "appointment_id": appointment["id"],
        "block_id": block["id"],
        "class_session_id": str(class_session_id),
        "entry_id": entry["id"],
        "ticket_id": ticket["id"],
        "canned_reply_id": reply["id"],
        "view_id": view["id"],
        "media_id": file["id"],
        "message_id": await attached(app, business, file["id"], ticket["id"]),
        "picture_id": await logo_of(app, business),
        "domain_id": str(await _name(app, business)),
        "endpoint_id": endpoint["id"],
        **await _sent_to(business, endpoint["id"]),
        "customer_id": customer["id"],
    }


async def _name(app: FastAPI, business: Business) -> UUID:
    row = custom_domain(UUID(business.id), f"{business.slug}.salons.example")
    async with app.state.database.transaction() as session:
        session.add(row)
    return row.id


async def _sent_to(business: Business, endpoint_id: str) -> dict[str, str]:
    path = f"/webhook-endpoints/{endpoint_id}"
    delivery = (await business.owner.get(f"/api/v1{path}/deliveries")).json()["items"][0]
    answer = await business.owner.post(f"/api/v1{path}/replays", json={"since": "2026-01-01T00:00:00Z"})
    return {
        "delivery_id": str(delivery["id"]),
        "event_id": delivery["event_id"],
        "replay_id": answer.json()["id"],
    }


async def _shared(app: FastAPI, cast: Cast, business: Business, member: Person) -> dict[str, str]:
    token = await business.make("/tokens", {"name": "till", "mode": "live", "scopes": ["customers:read"]})
    guest = {"email": "new@people.example", "name": "New", "role": "TENANT_STAFF"}
    invitation = await business.make("/invitations", guest)
    asked = await business.make("/platform-tickets", {"subject": "Bookings vanish", "body": "Since this morning."})
    grant_id = await (await cast.add(Role.TENANT_OWNER, business)).lent(member)
    (notification,) = await cast.notifications(member)
    passkey = PasskeyRow(
        id=uuid7(),
        user_id=member.id,
        credential_id=uuid7().bytes,
        public_key=b"",
        sign_count=0,
        transports=[],
        name="Key ring",
        created_at=utcnow(),
        last_used_at=None,
    )
    async with app.state.database.transaction() as session:
        session.add(passkey)
    return {
        "token_id": token["id"],
        "invitation_id": invitation["id"],
        "platform_ticket_id": asked["id"],
        "grant_id": grant_id,
        "notification_id": str(notification.id),
        "passkey_id": str(passkey.id),
    }
