"""Domains as tests need them."""

from typing import Any
from uuid import UUID

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import CustomDomainRow


def custom_domain(tenant_id: UUID, hostname: str, **changes: Any) -> CustomDomainRow:
    """A domain that waits for its records."""
    now = utcnow()
    stored: dict[str, Any] = {
        "id": uuid7(),
        "tenant_id": tenant_id,
        "hostname": hostname,
        "status": "pending",
        "token": uuid7().hex,
        "is_primary": False,
        "problem": None,
        "failures": 0,
        "next_check_at": None,
        "created_at": now,
        "updated_at": now,
    }
    return CustomDomainRow(**stored | changes)
