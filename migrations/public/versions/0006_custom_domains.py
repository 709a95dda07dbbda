"""Host names of businesses' own, and how far each has come."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "custom_domains",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("is_primary", sa.Boolean, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("checked_at", INSTANT),
        sa.Column("next_check_at", INSTANT),
        sa.Column("verified_at", INSTANT),
        sa.Column("activated_at", INSTANT),
        sa.Column("released_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("custom_domains_pkey")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("custom_domains_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'verified', 'active', 'failed', 'suspended', 'released')",
            name=op.f("custom_domains_status_check"),
        ),
        schema="public",
    )
    _create_index("open_key", ["tenant_id", "hostname"], unique=True, where="status <> 'released'")
    _create_index("primary_key", ["tenant_id"], unique=True, where="is_primary")
    _create_index("tenant_id_created_at_id_idx", ["tenant_id", "created_at", "id"])
    _create_index("hostname_idx", ["hostname"])
    _create_index("due_idx", ["next_check_at"], where="next_check_at IS NOT NULL")


def _create_index(name: str, columns: list[str], *, unique: bool = False, where: str | None = None) -> None:
    op.create_index(
        f"custom_domains_{name}",
        "custom_domains",
        columns,
        schema="public",
        unique=unique,
        postgresql_where=sa.text(where) if where else None,
    )


def downgrade() -> None:
    op.drop_table("custom_domains", schema="public")
