"""The audit trail: chained entries that nobody changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_audit_chains()
    _create_audit_entries()
    _refuse_changes()


def downgrade() -> None:
    for table in ("audit_entries", "audit_chains"):
        op.drop_table(table, schema="public")
    op.execute("DROP FUNCTION public.refuse_audit_change()")


def _create_audit_chains() -> None:
    op.create_table(
        "audit_chains",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_chains_pkey")),
        schema="public",
    )


def _create_audit_entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("chain_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("session_id", sa.Uuid),
        sa.Column("token_id", sa.Uuid),
        sa.Column("grant_id", sa.Uuid),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("mode", sa.Text),
        sa.Column("method", sa.Text),
        sa.Column("route", sa.Text),
        sa.Column("status", sa.Integer),
        sa.Column("object_type", sa.Text),
        sa.Column("object_id", sa.Text),
        sa.Column("diff", postgresql.JSONB, nullable=False),
        sa.Column("ip_address", sa.Text),
        sa.Column("user_agent", sa.Text),
        sa.Column("previous_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("result IN ('success', 'denied', 'failed')", name=op.f("audit_entries_result_check")),
        sa.PrimaryKeyConstraint("chain_id", "seq", name=op.f("audit_entries_pkey")),
        schema="public",
    )
    op.create_index(
        op.f("audit_entries_chain_id_actor_id_seq_idx"),
        "audit_entries",
        ["chain_id", "actor_id", "seq"],
        schema="public",
    )
    op.create_index(op.f("audit_entries_chain_id_at_idx"), "audit_entries", ["chain_id", "at"], schema="public")
    op.create_index(
        op.f("audit_entries_chain_id_event_seq_idx"), "audit_entries", ["chain_id", "event", "seq"], schema="public"
    )


def _refuse_changes() -> None:
    op.execute(
        """
        CREATE FUNCTION public.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit entries are neither changed nor deleted'; END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_audit_change()
        """
    )
