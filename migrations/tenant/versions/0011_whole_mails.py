"""What mails said before their quotations were cut off, and ids of mails that are their senders' alone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_FORMER, _NOW = "ticket_mails_ticket_id_message_id_key", "ticket_mails_ticket_id_message_id_sender_key"


def upgrade() -> None:
    op.add_column("ticket_mails", sa.Column("whole", sa.Text))
    op.create_unique_constraint(op.f(_NOW), "ticket_mails", ["ticket_id", "message_id", "sender"])
    op.drop_constraint(op.f(_FORMER), "ticket_mails")


def downgrade() -> None:
    op.create_unique_constraint(op.f(_FORMER), "ticket_mails", ["ticket_id", "message_id"])
    op.drop_constraint(op.f(_NOW), "ticket_mails")
    op.drop_column("ticket_mails", "whole")
