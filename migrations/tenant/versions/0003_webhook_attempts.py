"""The order of events, every attempt at a delivery, how endpoints fare, and what they are sent besides."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)


def _endpoint_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("headers_sealed", sa.Text),
        sa.Column("previous_secret_sealed", sa.Text),
        sa.Column("previous_secret_expires_at", INSTANT),
        sa.Column("failing_since", INSTANT),
        sa.Column("warned_at", INSTANT),
    ]


def upgrade() -> None:
    op.add_column("events", sa.Column("sequence", sa.BigInteger, sa.Identity(always=True), nullable=False))
    op.add_column("events", sa.Column("subject_id", sa.Uuid))
    op.create_index("events_sequence_idx", "events", ["sequence"], unique=True)
    for column in _endpoint_columns():
        op.add_column("webhook_endpoints", column)
    _index_what_is_due("endpoint_id", "next_attempt_at", "id")
    op.add_column(
        "webhook_deliveries", sa.Column("schedule_began_after", sa.Integer, nullable=False, server_default="0")
    )
    _create_attempts()


def _index_what_is_due(*columns: str) -> None:
    op.drop_index("webhook_deliveries_due_idx", "webhook_deliveries")
    pending = sa.text("status = 'pending'")
    op.create_index("webhook_deliveries_due_idx", "webhook_deliveries", columns, postgresql_where=pending)


def _create_attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("request_headers", JSONB, nullable=False),
        sa.Column("response_status", sa.Integer),
        sa.Column("response_headers", JSONB, nullable=False),
        sa.Column("response_excerpt", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_attempts_pkey")),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_deliveries.id"],
            name=op.f("webhook_attempts_delivery_id_fkey"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("webhook_attempts_delivery_id_id_idx", "webhook_attempts", ["delivery_id", "id"])


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_column("webhook_deliveries", "schedule_began_after")
    _index_what_is_due("next_attempt_at")
    for column in _endpoint_columns():
        op.drop_column("webhook_endpoints", column.name)
    op.drop_column("events", "subject_id")
    op.drop_column("events", "sequence")
