"""Bursts of notifications, and notifications that are mailed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("notifications", sa.Column("group_key", sa.Text), schema="public")
    op.add_column("notifications", sa.Column("count", sa.Integer, nullable=False, server_default="1"), schema="public")
    op.add_column(
        "notifications", sa.Column("is_in_app", sa.Boolean, nullable=False, server_default=sa.true()), schema="public"
    )
    op.add_column("notifications", sa.Column("mail_at", sa.DateTime(timezone=True)), schema="public")
    op.create_index(
        "notifications_mail_idx",
        "notifications",
        ["mail_at"],
        schema="public",
        postgresql_where=sa.text("mail_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("notifications_mail_idx", "notifications", schema="public")
    for name in ("group_key", "count", "is_in_app", "mail_at"):
        op.drop_column("notifications", name, schema="public")
