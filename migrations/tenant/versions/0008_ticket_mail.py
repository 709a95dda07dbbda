"""Mails that become part of tickets, and authors who are known by their address alone."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.alter_column("tickets", "opener_id", nullable=True)
    op.alter_column("ticket_messages", "author_id", nullable=True)
    op.add_column("ticket_messages", sa.Column("via", sa.Text, nullable=False, server_default="api"))
    op.add_column("ticket_messages", sa.Column("is_verified", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_check_constraint(op.f("ticket_messages_via_check"), "ticket_messages", "via IN ('api', 'email')")
    op.create_table(
        "ticket_mails",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("ticket_id", sa.Uuid, nullable=False),
        sa.Column("ticket_message_id", sa.Uuid, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("spf", sa.Text, nullable=False),
        sa.Column("dkim", sa.Text, nullable=False),
        sa.Column("is_aligned", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ticket_mails_pkey")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name=op.f("ticket_mails_ticket_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["ticket_message_id"],
            ["ticket_messages.id"],
            name=op.f("ticket_mails_ticket_message_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("ticket_id", "message_id", name=op.f("ticket_mails_ticket_id_message_id_key")),
        sa.CheckConstraint("length(message_id) BETWEEN 1 AND 998", name=op.f("ticket_mails_message_id_check")),
    )
    op.create_index("ticket_mails_ticket_message_id_idx", "ticket_mails", ["ticket_message_id"], unique=True)
    op.create_index("ticket_mails_sender_received_at_idx", "ticket_mails", ["sender", "received_at"])


def downgrade() -> None:
    op.drop_table("ticket_mails")
    for name in ("via", "is_verified"):
        op.drop_column("ticket_messages", name)
