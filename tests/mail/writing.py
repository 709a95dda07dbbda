"""Mails, as a feature would write them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from app.core.clock import utcnow
from app.mail.messages import PasswordChanged
from app.mail.outbox import Mail, send
from app.tenancy.mode import Mode
from tests.actors import Business

GRACE = "grace@example.com"
NOW = utcnow()


def mail(business: Business | None = None, **changes: Any) -> Mail:
    """A mail to Grace, of the business or of the platform."""
    fields: dict[str, Any] = {
        "recipient": GRACE,
        "name": "Grace Hopper",
        "message": PasswordChanged(at=NOW),
        "tenant_id": UUID(business.id) if business else None,
        "mode": Mode.LIVE,
    }
    return Mail(**fields | changes)


async def write(app: FastAPI, *mails: Mail, now: datetime = NOW) -> None:
    """Commit a transaction that sends these."""
    async with app.state.database.transaction() as session:
        for each in mails:
            await send(session, app.state.keyring, each, now=now)
