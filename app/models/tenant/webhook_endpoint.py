from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import TenantBase


class WebhookEndpointRow(TenantBase):
    """Where a business wants its events. `events` are types, or prefixes as `appointment.*`, or `*`.

    `headers_sealed` is the JSON object of the headers that are sent besides our own, `header_names` what they are
    called. `previous_secret_sealed` signs too until it expires. `failing_since` is when the first of the failures came
    that no success has followed, and `warned_at` when its owner was told of them.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    events: Mapped[list[str]]
    secret_sealed: Mapped[str]
    is_enabled: Mapped[bool]
    disabled_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    headers_sealed: Mapped[str | None]
    previous_secret_sealed: Mapped[str | None]
    previous_secret_expires_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    description: Mapped[str] = mapped_column(server_default="")
    header_names: Mapped[list[str]] = mapped_column(server_default="{}")
