"""What businesses want of the platform, and what was said about it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

INSTANT = sa.DateTime(timezone=True)
CHECKS = {
    "number": "number BETWEEN 10000000 AND 99999999",
    "status": "status IN ('open', 'in_progress', 'waiting', 'resolved', 'closed')",
    "priority": "priority IN ('low', 'normal', 'high', 'urgent')",
    "category": "category IN ('account', 'bookings', 'domains', 'integrations', 'billing', 'other', 'fault', 'wish')",
    "impact": "impact IN ('question', 'hindered', 'stopped')",
}


def upgrade() -> None:
    _create_tickets()
    _create_messages()


def _create_tickets() -> None:
    op.create_table(
        "platform_tickets",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("opener_id", sa.Uuid),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_message_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("impact", sa.Text, nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("assignee_id", sa.Uuid),
        sa.Column("first_replied_at", INSTANT),
        sa.Column("resolved_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("platform_tickets_pkey")),
        sa.UniqueConstraint("number", name=op.f("platform_tickets_number_key")),
        _reference("platform_tickets", "tenant_id", "tenants", "CASCADE"),
        _reference("platform_tickets", "opener_id", "users", "SET NULL"),
        _reference("platform_tickets", "assignee_id", "users", "SET NULL"),
        *(sa.CheckConstraint(rule, name=op.f(f"platform_tickets_{name}_check")) for name, rule in CHECKS.items()),
        schema="public",
    )
    for columns in (
        ["tenant_id", "created_at", "id"],
        ["created_at", "id"],
        ["updated_at", "id"],
        ["assignee_id"],
        ["opener_id"],
    ):
        name = op.f(f"platform_tickets_{'_'.join(columns)}_idx")
        op.create_index(name, "platform_tickets", columns, schema="public")
    op.create_index(
        "platform_tickets_unsettled_idx",
        "platform_tickets",
        ["status"],
        schema="public",
        postgresql_where=sa.text("status <> 'closed'"),
    )


def _create_messages() -> None:
    table = "platform_ticket_messages"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("ticket_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("author_id", sa.Uuid),
        sa.Column("author_name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pkey")),
        _reference(table, "ticket_id", "platform_tickets", "CASCADE"),
        _reference(table, "author_id", "users", "SET NULL"),
        sa.CheckConstraint("kind IN ('reply', 'note')", name=op.f(f"{table}_kind_check")),
        sa.CheckConstraint("author IN ('business', 'platform')", name=op.f(f"{table}_author_check")),
        sa.CheckConstraint("kind = 'reply' OR author = 'platform'", name=op.f(f"{table}_note_check")),
        schema="public",
    )
    for columns in (["ticket_id", "created_at", "id"], ["author_id"]):
        op.create_index(op.f(f"{table}_{'_'.join(columns)}_idx"), table, columns, schema="public")


def _reference(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"{table}_{column}_fkey")
    return sa.ForeignKeyConstraint([column], [f"public.{to}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    op.drop_table("platform_ticket_messages", schema="public")
    op.drop_table("platform_tickets", schema="public")
