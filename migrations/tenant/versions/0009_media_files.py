"""Files that people upload."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

INSTANT = sa.DateTime(timezone=True)
CHECKS = {
    "purpose": "purpose IN ('attachment', 'logo', 'avatar')",
    "status": "status IN ('pending', 'ready', 'refused', 'deleted')",
    "attached_kind": "attached_kind IN ('ticket_message', 'business', 'user')",
    "attached": "(attached_to IS NULL) = (attached_kind IS NULL)",
    "ready": "status <> 'ready' OR (key IS NOT NULL AND completed_at IS NOT NULL)",
    "size": "size > 0",
}


def upgrade() -> None:
    op.create_table(
        "media_files",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("uploader_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("thumbnail_key", sa.Text),
        sa.Column("sha256", sa.Text),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("refusal", sa.Text),
        sa.Column("attached_kind", sa.Text),
        sa.Column("attached_to", sa.Uuid),
        sa.Column("clean_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("completed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name=op.f("media_files_pkey")),
        *(sa.CheckConstraint(rule, name=op.f(f"media_files_{name}_check")) for name, rule in CHECKS.items()),
    )
    for column in ("attached_to", "clean_at"):
        op.create_index(
            f"media_files_{column}_idx", "media_files", [column], postgresql_where=sa.text(f"{column} IS NOT NULL")
        )


def downgrade() -> None:
    op.drop_table("media_files")
