"""What a desk works by: its hours and promises, canned replies, views; merged and rated tickets; words to search by."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"

INSTANT = sa.DateTime(timezone=True)
_INSTANTS = ("first_response_due_at", "resolution_due_at", "clock_started_at", "overdue_told_at", "rated_at")


def upgrade() -> None:
    # First, while nothing is locked that is read: on many messages it takes its time.
    words = sa.text("to_tsvector('simple'::regconfig, body)")
    op.create_index("ticket_messages_words_idx", "ticket_messages", [words], postgresql_using="gin")
    for name in _INSTANTS:
        op.add_column("tickets", sa.Column(name, INSTANT))
    op.add_column("tickets", sa.Column("clock_spent_seconds", sa.Integer, nullable=False, server_default="0"))
    op.add_column("tickets", sa.Column("merged_into_id", sa.Uuid))
    op.add_column("tickets", sa.Column("rating", sa.Integer))
    op.add_column("tickets", sa.Column("rating_comment", sa.Text))
    op.create_foreign_key(op.f("tickets_merged_into_id_fkey"), "tickets", "tickets", ["merged_into_id"], ["id"])
    op.create_check_constraint(op.f("tickets_rating_check"), "tickets", "rating BETWEEN 1 AND 5")
    op.create_check_constraint(op.f("tickets_merged_into_id_check"), "tickets", "merged_into_id <> id")
    op.create_index("tickets_merged_into_id_idx", "tickets", ["merged_into_id"])
    _create_tables()
    _leave_closing_to_people()


def _leave_closing_to_people() -> None:
    """Businesses that have tickets resolved them when nothing was closed by itself: that is for them to switch on."""
    settings = """
        INSERT INTO desk_settings (id, hours, closed_on, targets, auto_close_days, revision, updated_at)
        SELECT 1, CAST('[]' AS jsonb), CAST('{}' AS date[]), CAST('{}' AS jsonb), NULL, 1, :now
        WHERE EXISTS (SELECT 1 FROM tickets)
    """
    op.execute(sa.text(settings).bindparams(now=datetime.now(UTC)))


def _create_tables() -> None:
    op.create_table(
        "desk_settings",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("hours", JSONB, nullable=False),
        sa.Column("closed_on", ARRAY(sa.Date), nullable=False),
        sa.Column("targets", JSONB, nullable=False),
        sa.Column("auto_close_days", sa.Integer),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("desk_settings_pkey")),
        sa.CheckConstraint("id = 1", name=op.f("desk_settings_id_check")),
        sa.CheckConstraint("auto_close_days BETWEEN 1 AND 365", name=op.f("desk_settings_auto_close_days_check")),
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("canned_replies_pkey")),
    )
    op.create_index("canned_replies_title_id_idx", "canned_replies", [sa.text("lower(title)"), "id"])
    op.create_table(
        "ticket_views",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("criteria", JSONB, nullable=False),
        sa.Column("is_shared", sa.Boolean, nullable=False),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ticket_views_pkey")),
    )
    op.create_index("ticket_views_name_id_idx", "ticket_views", [sa.text("lower(name)"), "id"])


def downgrade() -> None:
    for table in ("ticket_views", "canned_replies", "desk_settings"):
        op.drop_table(table)
    op.drop_index("ticket_messages_words_idx", "ticket_messages")
    for name in (*_INSTANTS, "clock_spent_seconds", "merged_into_id", "rating", "rating_comment"):
        op.drop_column("tickets", name)
