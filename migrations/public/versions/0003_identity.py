"""Who may do what: tiers, invitations, second factors, grants, notices, mails, and masquerades."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)
TEXTS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    _create_tiers()
    _create_one_time_codes()
    _create_invitations()
    _create_totp_secrets()
    _create_recovery_codes()
    _create_passkeys()
    _create_throttles()
    _create_permission_grants()
    _create_user_preferences()
    _create_notifications()
    _create_mails()
    _extend_tenants()
    _extend_users()
    _extend_user_sessions()
    _fill_tiers()
    _date_demos()


def downgrade() -> None:
    for column in ("reason", "actor_session_id", "actor_id", "place", "methods"):
        op.drop_column("user_sessions", column, schema="public")
    for column in ("email_verified_at", "areas"):
        op.drop_column("users", column, schema="public")
    for column in ("brand_color", "first_weekday", "locale", "self_sign_up", "demo_expires_at"):
        op.drop_column("tenants", column, schema="public")
    for table in (
        "mails",
        "notifications",
        "user_preferences",
        "permission_grants",
        "throttles",
        "passkeys",
        "recovery_codes",
        "totp_secrets",
        "invitations",
        "one_time_codes",
        "tiers",
    ):
        op.drop_table(table, schema="public")


def _create_tiers() -> None:
    op.create_table(
        "tiers",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("max_staff", sa.Integer),
        sa.Column("bookings_per_month", sa.Integer),
        sa.Column("api_requests_per_minute", sa.Integer, nullable=False),
        sa.Column("max_domains", sa.Integer),
        sa.Column("retention_days", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("tiers_pkey")),
        schema="public",
    )


def _create_one_time_codes() -> None:
    op.create_table(
        "one_time_codes",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("payload", postgresql.JSONB, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("one_time_codes_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("one_time_codes_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("one_time_codes_pkey")),
        schema="public",
    )
    op.create_index(op.f("one_time_codes_expires_at_idx"), "one_time_codes", ["expires_at"], schema="public")
    op.create_index(op.f("one_time_codes_user_id_idx"), "one_time_codes", ["user_id"], schema="public")


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("areas", TEXTS, nullable=False),
        sa.Column("customer_id", sa.Uuid),
        sa.Column("invited_by", sa.Uuid, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["public.users.id"], name=op.f("invitations_invited_by_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("invitations_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invitations_pkey")),
        sa.UniqueConstraint("digest", name=op.f("invitations_digest_key")),
        schema="public",
    )
    op.create_index(
        "invitations_open_key",
        "invitations",
        ["tenant_id", "email"],
        unique=True,
        schema="public",
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )


def _create_totp_secrets() -> None:
    op.create_table(
        "totp_secrets",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("totp_secrets_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("totp_secrets_pkey")),
        schema="public",
    )


def _create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("recovery_codes_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("recovery_codes_pkey")),
        schema="public",
    )
    op.create_index(op.f("recovery_codes_user_id_idx"), "recovery_codes", ["user_id"], schema="public")


def _create_passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("transports", TEXTS, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("passkeys_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("passkeys_pkey")),
        sa.UniqueConstraint("credential_id", name=op.f("passkeys_credential_id_key")),
        schema="public",
    )
    op.create_index(op.f("passkeys_user_id_idx"), "passkeys", ["user_id"], schema="public")


def _create_throttles() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_failed_at", INSTANT, nullable=False),
        sa.Column("blocked_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("throttles_pkey")),
        schema="public",
    )
    op.create_index(op.f("throttles_last_failed_at_idx"), "throttles", ["last_failed_at"], schema="public")


def _create_permission_grants() -> None:
    op.create_table(
        "permission_grants",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("grantor_id", sa.Uuid, nullable=False),
        sa.Column("grantee_id", sa.Uuid, nullable=False),
        sa.Column("permission", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_by", sa.Uuid),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "expires_at > created_at AND expires_at <= created_at + interval '24 hours'",
            name=op.f("permission_grants_term_check"),
        ),
        sa.ForeignKeyConstraint(
            ["grantee_id"], ["public.users.id"], name=op.f("permission_grants_grantee_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["grantor_id"], ["public.users.id"], name=op.f("permission_grants_grantor_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by"], ["public.users.id"], name=op.f("permission_grants_revoked_by_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("permission_grants_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("permission_grants_pkey")),
        schema="public",
    )
    op.create_index(
        op.f("permission_grants_grantee_id_expires_at_idx"),
        "permission_grants",
        ["grantee_id", "expires_at"],
        schema="public",
    )
    op.create_index(op.f("permission_grants_grantor_id_idx"), "permission_grants", ["grantor_id"], schema="public")
    op.create_index(op.f("permission_grants_tenant_id_idx"), "permission_grants", ["tenant_id"], schema="public")


def _create_user_preferences() -> None:
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("document", postgresql.JSONB, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("user_preferences_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("user_preferences_pkey")),
        schema="public",
    )


def _create_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("is_sandbox", sa.Boolean, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", postgresql.JSONB, nullable=False),
        sa.Column("read_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["public.users.id"], name=op.f("notifications_user_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notifications_pkey")),
        schema="public",
    )
    op.create_index(
        "notifications_unread_idx",
        "notifications",
        ["user_id"],
        schema="public",
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(op.f("notifications_user_id_id_idx"), "notifications", ["user_id", "id"], schema="public")


def _create_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("sent_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("status IN ('pending', 'sent', 'failed', 'withheld')", name=op.f("mails_status_check")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["public.tenants.id"], name=op.f("mails_tenant_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("mails_pkey")),
        schema="public",
    )
    op.create_index(
        "mails_due_idx", "mails", ["due_at"], schema="public", postgresql_where=sa.text("status = 'pending'")
    )
    op.create_index(op.f("mails_tenant_id_idx"), "mails", ["tenant_id"], schema="public")


def _extend_tenants() -> None:
    op.add_column("tenants", sa.Column("demo_expires_at", INSTANT), schema="public")
    op.add_column(
        "tenants",
        sa.Column("self_sign_up", sa.Boolean, server_default=sa.text("false"), nullable=False),
        schema="public",
    )
    op.add_column("tenants", sa.Column("locale", sa.Text, server_default="en", nullable=False), schema="public")
    op.add_column(
        "tenants", sa.Column("first_weekday", sa.Integer, server_default="1", nullable=False), schema="public"
    )
    op.add_column("tenants", sa.Column("brand_color", sa.Text), schema="public")
    op.create_check_constraint(
        op.f("tenants_first_weekday_check"), "tenants", "first_weekday BETWEEN 1 AND 7", schema="public"
    )


def _extend_users() -> None:
    op.add_column(
        "users", sa.Column("areas", TEXTS, server_default="{appointments,customers}", nullable=False), schema="public"
    )
    op.add_column("users", sa.Column("email_verified_at", INSTANT), schema="public")


def _extend_user_sessions() -> None:
    op.add_column("user_sessions", sa.Column("methods", TEXTS, server_default="{pwd}", nullable=False), schema="public")
    op.add_column("user_sessions", sa.Column("place", sa.Text), schema="public")
    op.add_column("user_sessions", sa.Column("actor_id", sa.Uuid), schema="public")
    op.add_column("user_sessions", sa.Column("actor_session_id", sa.Uuid), schema="public")
    op.add_column("user_sessions", sa.Column("reason", sa.Text), schema="public")
    op.create_index(op.f("user_sessions_actor_session_id_idx"), "user_sessions", ["actor_session_id"], schema="public")
    op.create_foreign_key(
        op.f("user_sessions_actor_session_id_fkey"),
        "user_sessions",
        "user_sessions",
        ["actor_session_id"],
        ["id"],
        source_schema="public",
        referent_schema="public",
        ondelete="CASCADE",
    )
    op.create_foreign_key(
        op.f("user_sessions_actor_id_fkey"),
        "user_sessions",
        "users",
        ["actor_id"],
        ["id"],
        source_schema="public",
        referent_schema="public",
        ondelete="CASCADE",
    )
    op.create_check_constraint(
        op.f("user_sessions_masquerade_check"),
        "user_sessions",
        "(actor_id IS NULL) = (actor_session_id IS NULL) AND (actor_id IS NULL) = (reason IS NULL)",
        schema="public",
    )


def _fill_tiers() -> None:
    names = (
        "name",
        "rank",
        "max_staff",
        "bookings_per_month",
        "api_requests_per_minute",
        "max_domains",
        "retention_days",
    )
    tiers = sa.table("tiers", *map(sa.column, names), sa.column("updated_at", INSTANT), schema="public")
    rows = (
        ("FREE", 1, 3, 100, 60, 0, 30),
        ("STARTER", 2, 8, 1_000, 300, 1, 90),
        ("PROFESSIONAL", 3, 40, 10_000, 1_200, 5, 365),
        ("ENTERPRISE", 4, None, None, 6_000, None, 1_095),
    )
    now = datetime.now(UTC)
    op.bulk_insert(tiers, [dict(zip(names, row, strict=True), updated_at=now) for row in rows])


def _date_demos() -> None:
    """Demo accounts that were made before they had a term get a fortnight from now."""
    op.execute(
        sa.text("UPDATE public.tenants SET demo_expires_at = :term WHERE is_temporary").bindparams(
            term=datetime.now(UTC) + timedelta(days=14)
        )
    )
