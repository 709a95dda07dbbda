"""What all businesses share: tenants and their schemas, domains, users, sessions, API tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
    _create_tenants()
    _create_domains()
    _create_tenant_schemas()
    _create_users()
    _create_api_tokens()
    _create_user_sessions()


def downgrade() -> None:
    for table in (
        "user_sessions",
        "api_tokens",
        "users",
        "tenant_schemas",
        "domains",
        "tenants",
    ):
        op.drop_table(table, schema="public")


def _create_tenants() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("schema_name", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("subscription_tier", sa.Text, nullable=False),
        sa.Column("is_temporary", sa.Boolean, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("slug"),
        sa.UniqueConstraint("schema_name"),
        sa.CheckConstraint("status IN ('active', 'suspended')", name=op.f("tenants_status_check")),
        sa.CheckConstraint(
            "subscription_tier IN ('FREE', 'STARTER', 'PROFESSIONAL', 'ENTERPRISE')", name=op.f("tenants_tier_check")
        ),
        sa.CheckConstraint("schema_name ~ '^tenant_[a-z0-9_]{1,48}$'", name=op.f("tenants_schema_name_check")),
        schema="public",
    )


def _create_domains() -> None:
    op.create_table(
        "domains",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("public.tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("hostname"),
        sa.CheckConstraint("kind IN ('subdomain', 'custom')", name=op.f("domains_kind_check")),
        sa.CheckConstraint("(kind = 'subdomain') = (strpos(hostname, '.') = 0)", name=op.f("domains_hostname_check")),
        schema="public",
    )
    op.create_index("domains_tenant_id_idx", "domains", ["tenant_id"], schema="public")


def _create_tenant_schemas() -> None:
    op.create_table(
        "tenant_schemas",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("public.tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.CheckConstraint("mode IN ('live', 'sandbox')", name=op.f("tenant_schemas_mode_check")),
        schema="public",
    )
    op.create_index("tenant_schemas_revision_idx", "tenant_schemas", ["revision"], schema="public")
    op.create_index("tenant_schemas_tenant_id_idx", "tenant_schemas", ["tenant_id"], schema="public")


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("public.tenants.id", ondelete="CASCADE")),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_sandbox", sa.Boolean, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "role IN ('SUPERUSER', 'PLATFORM_MANAGER', 'PLATFORM_SALES', 'PLATFORM_SUPPORT', "
            "'TENANT_OWNER', 'TENANT_MANAGER', 'TENANT_STAFF', 'CUSTOMER')",
            name=op.f("users_role_check"),
        ),
        sa.CheckConstraint(
            "(tenant_id IS NULL) = (role IN ('SUPERUSER', 'PLATFORM_MANAGER', 'PLATFORM_SALES', 'PLATFORM_SUPPORT'))",
            name=op.f("users_tenant_check"),
        ),
        sa.CheckConstraint("email = lower(email)", name=op.f("users_email_check")),
        schema="public",
    )
    op.create_index(
        "users_tenant_email_key",
        "users",
        ["tenant_id", "email", "is_sandbox"],
        unique=True,
        schema="public",
        postgresql_nulls_not_distinct=True,
    )


def _create_api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("public.tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_by", sa.Uuid, sa.ForeignKey("public.users.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("plaintext", sa.Text),
        sa.Column("is_sandbox", sa.Boolean, nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("digest"),
        sa.CheckConstraint("is_sandbox = (plaintext IS NOT NULL)", name=op.f("api_tokens_plaintext_check")),
        schema="public",
    )
    op.create_index("api_tokens_tenant_id_idx", "api_tokens", ["tenant_id"], schema="public")


def _create_user_sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, sa.ForeignKey("public.users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("rotated_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("ip_address", sa.Text),
        sa.Column("user_agent", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        schema="public",
    )
    op.create_index("user_sessions_user_id_idx", "user_sessions", ["user_id"], schema="public")
