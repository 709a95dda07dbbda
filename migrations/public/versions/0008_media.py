"""Logos and avatars, how much room files have, and what is to be removed of them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

INSTANT = sa.DateTime(timezone=True)
MEGABYTES = {"FREE": 500, "STARTER": 5_000, "PROFESSIONAL": 50_000}


def upgrade() -> None:
    op.add_column("tenants", sa.Column("logo_id", sa.Uuid), schema="public")
    op.add_column("users", sa.Column("avatar_id", sa.Uuid), schema="public")
    op.add_column("tiers", sa.Column("storage_megabytes", sa.Integer), schema="public")
    filled = sa.text("UPDATE public.tiers SET storage_megabytes = :megabytes WHERE name = :name")
    for name, megabytes in MEGABYTES.items():
        op.execute(filled.bindparams(name=name, megabytes=megabytes))
    op.create_table(
        "media_purges",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("media_purges_pkey")),
        sa.CheckConstraint("mode IN ('live', 'sandbox')", name=op.f("media_purges_mode_check")),
        schema="public",
    )
    op.create_index(op.f("media_purges_due_at_idx"), "media_purges", ["due_at"], schema="public")


def downgrade() -> None:
    op.drop_table("media_purges", schema="public")
    op.drop_column("tiers", "storage_megabytes", schema="public")
    op.drop_column("users", "avatar_id", schema="public")
    op.drop_column("tenants", "logo_id", schema="public")
