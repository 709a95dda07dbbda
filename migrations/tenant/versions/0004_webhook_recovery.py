"""What endpoints are called and sent besides, and replays of what they have missed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("events_subject_id_sequence_idx", "events", ["subject_id", "sequence"])
    op.add_column("webhook_endpoints", sa.Column("description", sa.Text, nullable=False, server_default=""))
    op.add_column("webhook_endpoints", sa.Column("header_names", ARRAY(sa.Text), nullable=False, server_default="{}"))
    _create_replays()
    op.add_column("webhook_deliveries", sa.Column("replay_id", sa.Uuid))
    op.create_foreign_key(
        op.f("webhook_deliveries_replay_id_fkey"),
        "webhook_deliveries",
        "webhook_replays",
        ["replay_id"],
        ["id"],
        ondelete="SET NULL",
    )
    replayed = sa.text("replay_id IS NOT NULL")
    op.create_index(
        "webhook_deliveries_replayed_idx", "webhook_deliveries", ["replay_id", "status"], postgresql_where=replayed
    )


def _create_replays() -> None:
    op.create_table(
        "webhook_replays",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("endpoint_id", sa.Uuid, nullable=False),
        sa.Column("events", ARRAY(sa.Text), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("matching", sa.Integer, nullable=False),
        sa.Column("passed", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("webhook_replays_pkey")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("webhook_replays_endpoint_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("wanted IN ('undelivered', 'all')", name=op.f("webhook_replays_wanted_check")),
        sa.CheckConstraint(
            "status IN ('running', 'completed', 'cancelled')", name=op.f("webhook_replays_status_check")
        ),
    )
    op.create_index(
        "webhook_replays_endpoint_id_created_at_id_idx", "webhook_replays", ["endpoint_id", "created_at", "id"]
    )
    running = sa.text("status = 'running'")
    op.create_index(
        "webhook_replays_running_idx", "webhook_replays", ["endpoint_id"], unique=True, postgresql_where=running
    )


def downgrade() -> None:
    op.drop_column("webhook_deliveries", "replay_id")
    op.drop_table("webhook_replays")
    op.drop_column("webhook_endpoints", "header_names")
    op.drop_column("webhook_endpoints", "description")
    op.drop_index("events_subject_id_sequence_idx", "events")
