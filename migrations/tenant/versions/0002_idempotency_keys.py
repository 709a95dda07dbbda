"""The answers to `Idempotency-Key`, and what the long lists are sorted by."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SORTED: tuple[tuple[str, str, list[Any]], ...] = (
    ("appointments_created_at_id_idx", "appointments", ["created_at", "id"]),
    ("appointments_updated_at_id_idx", "appointments", ["updated_at", "id"]),
    ("customers_created_at_id_idx", "customers", ["created_at", "id"]),
    ("customers_name_idx", "customers", [sa.text("lower(name)"), "id"]),
    ("webhook_deliveries_endpoint_id_created_at_id_idx", "webhook_deliveries", ["endpoint_id", "created_at", "id"]),
)


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_index(op.f("idempotency_keys_created_at_idx"), "idempotency_keys", ["created_at"])
    for name, table, columns in SORTED:
        op.create_index(name, table, columns)
    op.drop_index("webhook_deliveries_endpoint_id_id_idx", "webhook_deliveries")


def downgrade() -> None:
    op.create_index("webhook_deliveries_endpoint_id_id_idx", "webhook_deliveries", ["endpoint_id", "id"])
    for name, table, _ in SORTED:
        op.drop_index(name, table)
    op.drop_table("idempotency_keys")
