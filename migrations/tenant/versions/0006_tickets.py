"""Tickets of a business, and what is said about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Uuid),
        sa.Column("appointment_id", sa.Uuid),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("opener_id", sa.Uuid, nullable=False),
        sa.Column("assignee_id", sa.Uuid),
        sa.Column("follower_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("first_responded_at", INSTANT),
        sa.Column("resolved_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("tickets_pkey")),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}s.id"], name=op.f(f"tickets_{name}_id_fkey"))
            for name in ("customer", "appointment")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')", name=op.f("tickets_status_check")
        ),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("tickets_priority_check")),
        sa.CheckConstraint("opened_by IN ('customer', 'staff')", name=op.f("tickets_opened_by_check")),
    )
    op.create_index("tickets_number_idx", "tickets", ["number"], unique=True)
    op.create_index("tickets_created_at_id_idx", "tickets", ["created_at", "id"])
    op.create_index("tickets_updated_at_id_idx", "tickets", ["updated_at", "id"])
    op.create_index("tickets_customer_id_idx", "tickets", ["customer_id"])
    op.create_index("tickets_appointment_id_idx", "tickets", ["appointment_id"])
    op.create_index("tickets_unsettled_idx", "tickets", ["status"], postgresql_where=sa.text("status <> 'closed'"))
    _create_messages()


def _create_messages() -> None:
    op.create_table(
        "ticket_messages",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("ticket_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ticket_messages_pkey")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("ticket_messages_ticket_id_fkey"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("kind IN ('reply', 'note')", name=op.f("ticket_messages_kind_check")),
        sa.CheckConstraint("author IN ('customer', 'staff')", name=op.f("ticket_messages_author_check")),
        sa.CheckConstraint("kind = 'reply' OR author = 'staff'", name=op.f("ticket_messages_note_check")),
    )
    op.create_index("ticket_messages_ticket_id_created_at_id_idx", "ticket_messages", ["ticket_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("ticket_messages")
    op.drop_table("tickets")
