"""Files that are there, for the tests that need one of everything."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select, update

from app.core.clock import utcnow
from app.models.tenant import MediaFileRow, TicketMessageRow
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.media.conftest import Files


def announcement(name: str = "prices.csv") -> dict[str, Any]:
    """What to say of a file that is to come."""
    return {"purpose": "attachment", "file_name": name, "content_type": "text/csv", "size": 18}


async def attached(app: FastAPI, business: Business, media_id: str, ticket_id: str, mode: Mode = Mode.LIVE) -> str:
    """Have a file that was announced be there, and go with the last message of the ticket; the message's id."""
    tenant = await app.state.hosts.require(UUID(business.id), now=utcnow())
    async with app.state.database.transaction(tenant.schema(mode)) as session:
        said = select(TicketMessageRow.id).where(TicketMessageRow.ticket_id == UUID(ticket_id))
        message_id = (await session.scalars(said.order_by(TicketMessageRow.id.desc()).limit(1))).one()
        there = {"status": "ready", "key": "nowhere", "completed_at": utcnow(), "clean_at": None}
        belongs = {"attached_kind": "ticket_message", "attached_to": message_id}
        await session.execute(update(MediaFileRow).where(MediaFileRow.id == UUID(media_id)).values(**there, **belongs))
    return str(message_id)


async def logo_of(app: FastAPI, business: Business) -> str:
    """The id of a logo that the business is known by from now on."""
    file = await Files(app, business).ready(purpose="logo")
    answer = await business.owner.put("/api/v1/business/logo", json={"media_id": file["id"]})
    assert answer.status_code == 200, answer.text
    return str(file["id"])
