"""The public API: more of a token, origins that may call, and the answers to `Idempotency-Key`."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    _extend_api_tokens()
    op.add_column("tenants", sa.Column("cors_origins", TEXTS, nullable=False, server_default="{}"), schema="public")
    op.create_table(
        "shared_idempotency_keys",
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("is_sandbox", sa.Boolean, nullable=False),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", "is_sandbox", name=op.f("shared_idempotency_keys_pkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["public.tenants.id"],
            name=op.f("shared_idempotency_keys_tenant_id_fkey"),
            ondelete="CASCADE",
        ),
        schema="public",
    )
    for column in ("created_at", "tenant_id"):
        op.create_index(
            op.f(f"shared_idempotency_keys_{column}_idx"), "shared_idempotency_keys", [column], schema="public"
        )
    op.create_index(op.f("users_created_at_id_idx"), "users", ["created_at", "id"], schema="public")


def downgrade() -> None:
    op.drop_index(op.f("users_created_at_id_idx"), "users", schema="public")
    op.drop_table("shared_idempotency_keys", schema="public")
    op.drop_column("tenants", "cors_origins", schema="public")
    for column in ("rolled_from_id", "last_used_at", "api_version", "allowed_networks"):
        op.drop_column("api_tokens", column, schema="public")


def _extend_api_tokens() -> None:
    for column in (
        sa.Column("allowed_networks", TEXTS, nullable=False, server_default="{}"),
        sa.Column("api_version", sa.Text, nullable=False, server_default="2026-11-01"),
        sa.Column("last_used_at", INSTANT),
        sa.Column("rolled_from_id", sa.Uuid),
    ):
        op.add_column("api_tokens", column, schema="public")
    op.create_index(op.f("api_tokens_rolled_from_id_idx"), "api_tokens", ["rolled_from_id"], schema="public")
    op.create_foreign_key(
        op.f("api_tokens_rolled_from_id_fkey"),
        "api_tokens",
        "api_tokens",
        ["rolled_from_id"],
        ["id"],
        source_schema="public",
        referent_schema="public",
        ondelete="SET NULL",
    )
