"""A business with something in every list, and for each list how to ask for just that."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, select, update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import (
    ApiTokenRow,
    CustomDomainRow,
    InvitationRow,
    NotificationRow,
    PermissionGrantRow,
    PlatformTicketMessageRow,
    PlatformTicketRow,
    UserRow,
    UserSessionRow,
)
from app.models.tenant import (
    AppointmentRow,
    BlockRow,
    CannedReplyRow,
    ClassSessionRow,
    CustomerRow,
    ResourceRow,
    ServiceRow,
    TicketMessageRow,
    TicketRow,
    TicketViewRow,
    WaitlistEntryRow,
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookReplayRow,
)
from app.notifications.inbox import notify
from app.notifications.kinds import NotificationKind
from app.tenancy.slugs import schema_name
from tests.actors import Business, Platform
from tests.domains.names import custom_domain
from tests.people.crowd import Crowd
from tests.scheduling.catalogue import class_session_of

NAMES = ("ada", "Bob", "Ada", "bob", "Zoë")
"""Of everything that has a name. Some are equal but for their case, so that the ids have to decide."""
LISTS = {
    "listAppointments": "/appointments",
    "listCustomers": "/customers",
    "listServices": "/services",
    "listResources": "/resources",
    "listClassSessions": "/class-sessions",
    "listWaitlist": "/waitlist",
    "listTickets": "/tickets",
    "listCannedReplies": "/canned-replies",
    "listTicketViews": "/ticket-views",
    "listDomains": "/domains",
    "listTicketMessages": "/tickets/{ticket}/messages",
    "listPlatformTickets": "/platform-tickets",
    "listPlatformTicketMessages": "/platform-tickets/{asked}/messages",
    "listBlocks": "/resources/{resource}/blocks",
    "listTokens": "/tokens",
    "listNotifications": "/notifications",
    "listStaff": "/staff",
    "listInvitations": "/invitations",
    "listMySessions": "/me/sessions",
    "listWebhookEndpoints": "/webhook-endpoints",
    "listWebhookDeliveries": "/webhook-endpoints/{endpoint}/deliveries",
    "listWebhookAttempts": "/webhook-endpoints/{endpoint}/deliveries/{delivery}/attempts",
    "listWebhookReplays": "/webhook-endpoints/{endpoint}/replays",
    "listEvents": "/events",
    "listCandidates": "/masquerade/candidates",
    "listGrants": "/grants",
    "listAuditEntries": "/audit",
    "listTenants": "/platform/tenants",
    "listSupportTickets": "/platform/tickets",
    "listSupportTicketMessages": "/platform/tickets/{asked}/messages",
    "listUsers": "/platform/users",
}
_OF_BUSINESSES = (
    AppointmentRow,
    BlockRow,
    CannedReplyRow,
    ClassSessionRow,
    CustomerRow,
    ResourceRow,
    ServiceRow,
    TicketMessageRow,
    TicketRow,
    TicketViewRow,
    WaitlistEntryRow,
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookReplayRow,
)


@dataclass(frozen=True)
class Shelf:
    """One list: where it is, who looks at it, and what leaves only what was put there."""

    path: str
    client: httpx.AsyncClient
    narrow: dict[str, str]

    async def get(self, *, client: httpx.AsyncClient | None = None, **query: Any) -> httpx.Response:
        """Ask for it, as whoever is to look at it or as somebody else."""
        return await (client or self.client).get(self.path, params=self.narrow | query)

    async def page(self, **query: Any) -> dict[str, Any]:
        """A page of it."""
        answer = await self.get(**query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def leaf_through(self, **query: Any) -> list[dict[str, Any]]:
        """All its items, by pages of two."""
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.page(**query, **cursor, limit=2)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            assert len(page["items"]) == 2
            cursor = {"cursor": page["next_cursor"]}


@dataclass(frozen=True)
class Store:
    """A business with five of everything."""

    business: Business
    platform: Platform
    crowd: Crowd

    async def fill(self) -> dict[str, Shelf]:
        """The shelf of each list."""
        resources = await self._furnish()
        ticket = await self._ask()
        asked = await self._ask_platform()
        await self._name()
        endpoint = await self._listen()
        await self._employ()
        await self._book(resources)
        delivery = await self._send(endpoint)
        await self._make_simultaneous()
        shelves = {}
        for name, path in LISTS.items():
            is_platform = path.startswith("/platform/")
            client = self.platform.superuser if is_platform else self.business.owner
            own = {"tenant_id": self.business.id}
            narrow = {"listTenants": {"q": self.business.slug}, "listUsers": own, "listSupportTickets": own}
            ids = {"resource": resources[0], "endpoint": endpoint, "delivery": delivery}
            ids |= {"ticket": ticket, "asked": asked}
            address = f"/api/v1{path.format(**ids)}"
            shelves[name] = Shelf(address, client, narrow.get(name, {}))
        return shelves

    async def _furnish(self) -> list[str]:
        make = self.business.make
        for name in NAMES:
            await make("/customers", {"name": name})
            await make("/tokens", {"name": name, "mode": "live", "scopes": ["services:read"]})
        resources = [(await make("/resources", {"kind": "room", "name": name}))["id"] for name in NAMES]
        weekly = [{"weekday": weekday, "start": "00:00", "end": "00:00"} for weekday in range(1, 8)]
        for resource in resources:
            path = f"/api/v1/resources/{resource}/schedule"
            await self.business.owner.put(path, json={"timezone": "UTC", "weekly": weekly})
        for hour in range(10, 15):
            block = {"start": f"2027-03-01T{hour}:00:00Z", "end": f"2027-03-01T{hour}:30:00Z"}
            await make(f"/resources/{resources[0]}/blocks", block)
        return resources

    async def _name(self) -> None:
        async with self.crowd.app.state.database.transaction() as session:
            for letter in "cabed":
                session.add(custom_domain(UUID(self.business.id), f"{letter}.{self.business.slug}.example"))

    async def _ask(self) -> str:
        for name in NAMES:
            ticket = await self.business.make("/tickets", {"subject": name, "body": name})
            await self.business.make("/canned-replies", {"title": name, "body": name})
            await self.business.make("/ticket-views", {"name": name, "criteria": {}})
        for name in NAMES[1:]:
            await self.business.make(f"/tickets/{ticket['id']}/messages", {"body": name})
        return str(ticket["id"])

    async def _ask_platform(self) -> str:
        for name in NAMES:
            asked = await self.business.make("/platform-tickets", {"subject": name, "body": name})
        for name in NAMES[1:]:
            await self.business.make(f"/platform-tickets/{asked['id']}/messages", {"body": name})
        return str(asked["id"])

    async def _listen(self) -> str:
        for name in ("b", "c", "a"):
            body = {"url": f"https://{name}.example/hook", "events": ["*"]}
            endpoint = await self.business.make("/webhook-endpoints", body)
        return str(endpoint["id"])

    async def _send(self, endpoint: str) -> int:
        path = f"/api/v1/webhook-endpoints/{endpoint}"
        for _ in NAMES:
            replay = (await self.business.owner.post(f"{path}/replays", json={"since": "2026-01-01T00:00:00Z"})).json()
            await self.business.owner.post(f"{path}/replays/{replay['id']}/cancel")
        delivery = (await self.business.owner.get(f"{path}/deliveries")).json()["items"][0]
        attempt = {
            "delivery_id": delivery["id"],
            "started_at": utcnow(),
            "duration_ms": 1,
            "request_headers": {},
            "response_status": 500,
            "response_headers": {},
            "response_excerpt": "",
        }
        async with self.crowd.app.state.database.transaction(schema_name(self.business.slug)) as session:
            await session.execute(insert(WebhookAttemptRow), [attempt for _ in NAMES])
        number: int = delivery["id"]
        return number

    async def _employ(self) -> None:
        owner = (await self.business.owner.get("/api/v1/me")).json()["user"]["id"]
        for number, name in enumerate(NAMES):
            person = await self.crowd.add(Role.TENANT_STAFF, self.business)
            await self.crowd.change(update(UserRow).where(UserRow.id == person.uuid).values(name=name))
            guest = {"name": name, "email": f"guest-{number}@{self.business.slug}.example", "role": "TENANT_STAFF"}
            await self.business.make("/invitations", guest)
            grant = {"grantee_id": person.id, "permissions": ["audit:read"], "reason": "for the test"}
            await self.business.make("/grants", grant)
            await self.crowd.session_of(self.business.email, self.business)
            async with self.crowd.app.state.database.transaction() as session:
                notify(session, UUID(owner), NotificationKind.PASSWORD_CHANGED, {}, now=utcnow())

    async def _book(self, resources: list[str]) -> None:
        needs = {"duration_minutes": 60, "requirements": [{"resource_ids": resources}]}
        for name in NAMES:
            service = await self.business.make("/services", needs | {"name": name})
        customer = await self.business.make("/customers", {"name": "Clara"})
        midnight = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
        for days in (3, 2, 3, 2, 3):
            start = midnight + timedelta(days=days)
            body = {"service_id": service["id"], "customer_id": customer["id"], "start": start.isoformat()}
            await self.business.make("/appointments", body)
            waiting = {"start": "2031-03-05T10:00:00Z", "end": "2031-03-05T10:30:00Z"}
            await self.business.make("/waitlist", body | waiting)
        async with self.crowd.app.state.database.transaction(schema_name(self.business.slug)) as session:
            session.add_all([class_session_of(service, resources[0]) for _ in NAMES])

    async def _make_simultaneous(self) -> None:
        """Have it that everything was made at one instant: then the ids alone put it in order."""
        database, instant, tenant_id = self.crowd.app.state.database, utcnow(), UUID(self.business.id)
        async with database.transaction(schema_name(self.business.slug)) as session:
            for row in _OF_BUSINESSES:
                await session.execute(update(row).values(created_at=instant))
        async with database.transaction() as session:
            for shared in (ApiTokenRow, CustomDomainRow, InvitationRow, PermissionGrantRow, UserRow):
                await session.execute(update(shared).where(shared.tenant_id == tenant_id).values(created_at=instant))
            asked = update(PlatformTicketRow).where(PlatformTicketRow.tenant_id == tenant_id)
            at_once = dict.fromkeys(("created_at", "updated_at", "last_message_at"), instant)
            await session.execute(asked.values(at_once))
            tickets = select(PlatformTicketRow.id).where(PlatformTicketRow.tenant_id == tenant_id)
            said = update(PlatformTicketMessageRow).where(PlatformTicketMessageRow.ticket_id.in_(tickets))
            await session.execute(said.values(created_at=instant))
            users = select(UserRow.id).where(UserRow.tenant_id == tenant_id)
            for own in (NotificationRow, UserSessionRow):
                await session.execute(update(own).where(own.user_id.in_(users)).values(created_at=instant))
