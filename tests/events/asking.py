"""What brings the events of tickets about."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.events.catalogue import EventType as T
from app.models.tenant import TicketRow
from app.tenancy.mode import Mode
from app.tickets import tending
from tests.events.stage import TIME, Cause, Stage
from tests.people.crowd import Crowd, Person


async def _open(stage: Stage) -> str:
    return str((await stage.business.make("/tickets", {"subject": "The bill", "body": "It is wrong."}))["id"])


async def _reply(stage: Stage) -> str:
    ticket = await _open(stage)
    await stage.business.make(f"/tickets/{ticket}/messages", {"body": "We look into it."})
    return ticket


async def _assign(stage: Stage) -> str:
    ticket = await _open(stage)
    await _change(stage, "PATCH", ticket, "", {"priority": "high"})
    return ticket


async def _resolve(stage: Stage) -> str:
    ticket = await _open(stage)
    await _change(stage, "POST", ticket, "/status", {"status": "resolved"})
    return ticket


async def _merge_away(stage: Stage) -> str:
    ticket = await _open(stage)
    await _change(stage, "POST", ticket, "/merge", {"into_id": await _open(stage)})
    return ticket


async def _merge_into(stage: Stage) -> str:
    ticket = await _open(stage)
    await _change(stage, "POST", await _open(stage), "/merge", {"into_id": ticket})
    return ticket


async def _follow(stage: Stage) -> str:
    ticket = await _open(stage)
    await _change(stage, "PUT", ticket, f"/followers/{await _owner(stage)}")
    return ticket


async def _unfollow(stage: Stage) -> str:
    owner = await _owner(stage)
    ticket = await _open(stage)
    await _as_if(stage, ticket, follower_ids=[UUID(owner)])
    await _change(stage, "DELETE", ticket, f"/followers/{owner}")
    return ticket


async def _rate(stage: Stage) -> str:
    guest = await _guest(stage)
    body = {"subject": "The bill", "body": "It is wrong."}
    ticket = str((await stage.business.make("/tickets", body, client=guest.client))["id"])
    await _change(stage, "POST", ticket, "/status", {"status": "resolved"})
    answer = await guest.client.put(f"/api/v1/tickets/{ticket}/rating", json={"rating": 4})
    assert answer.is_success, answer.text
    return ticket


async def _let_be_late(stage: Stage) -> str:
    targets = {"normal": {"first_response_minutes": 5, "resolution_minutes": 30}}
    answer = await stage.business.owner.patch("/api/v1/desk/settings", json={"targets": targets})
    assert answer.is_success, answer.text
    ticket = await _open(stage)
    await tend(stage, days=1)
    return ticket


async def _let_be_closed(stage: Stage) -> str:
    ticket = await _open(stage)
    await _as_if(stage, ticket, status="resolved", resolved_at=utcnow())
    await tend(stage, days=8)
    return ticket


async def tend(stage: Stage, *, days: int) -> None:
    """Have days pass, and the sweeper come by."""
    now = utcnow() + timedelta(days=days)
    tenant = await stage.app.state.hosts.require(UUID(stage.business.id), now=utcnow())
    async with stage.app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        await tending.close_resolved(session, now=now, most=10)
        await tending.tell_overdue(session, tenant, Mode.LIVE, now=now, most=10)


async def _as_if(stage: Stage, ticket: str, **values: object) -> None:
    """Without telling anybody."""
    tenant = await stage.app.state.hosts.require(UUID(stage.business.id), now=utcnow())
    async with stage.app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
        await session.execute(update(TicketRow).where(TicketRow.id == UUID(ticket)).values(**values))


async def _change(stage: Stage, method: str, ticket: str, path: str, body: object = None) -> None:
    answer = await stage.business.owner.request(method, f"/api/v1/tickets/{ticket}{path}", json=body)
    assert answer.is_success, answer.text


async def _owner(stage: Stage) -> str:
    return str((await stage.business.owner.get("/api/v1/me")).json()["user"]["id"])


async def _guest(stage: Stage) -> Person:
    crowd = Crowd(stage.app, stage.business.at)
    person = await crowd.add(Role.CUSTOMER, stage.business)
    customer = await stage.business.make("/customers", {"name": "Clara", "email": person.email})
    await crowd.log_in_belongs_to(stage.business, customer["id"], person.uuid)
    return person


ASKING: dict[tuple[str, T], Cause] = {
    ("openTicket", T.TICKET_CREATED): _open,
    ("addTicketMessage", T.TICKET_REPLIED): _reply,
    ("updateTicket", T.TICKET_UPDATED): _assign,
    ("mergeTicket", T.TICKET_STATUS_CHANGED): _merge_away,
    ("mergeTicket", T.TICKET_UPDATED): _merge_into,
    ("followTicket", T.TICKET_UPDATED): _follow,
    ("unfollowTicket", T.TICKET_UPDATED): _unfollow,
    ("rateTicket", T.TICKET_UPDATED): _rate,
    ("setTicketStatus", T.TICKET_STATUS_CHANGED): _resolve,
    (TIME, T.TICKET_STATUS_CHANGED): _let_be_closed,
    (TIME, T.TICKET_OVERDUE): _let_be_late,
}
