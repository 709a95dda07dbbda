"""Services for several customers at once, and a waitlist."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("services", sa.Column("capacity", sa.Integer, nullable=False, server_default="1"))
    op.create_check_constraint(op.f("services_capacity_check"), "services", "capacity BETWEEN 1 AND 1000")
    op.add_column("services", sa.Column("offer_ttl_minutes", sa.Integer, nullable=False, server_default="60"))
    _create_class_sessions()
    op.add_column("appointments", sa.Column("seats", sa.Integer, nullable=False, server_default="1"))
    op.create_check_constraint(op.f("appointments_seats_check"), "appointments", "seats >= 1")
    _add_class_session_id("appointments", on_delete=None)
    _add_class_session_id("claims", on_delete="CASCADE")
    op.drop_constraint(op.f("claims_holder_check"), "claims")
    op.create_check_constraint(
        op.f("claims_holder_check"), "claims", "num_nonnulls(appointment_id, block_id, class_session_id) = 1"
    )
    _create_waitlist_entries()


def _create_class_sessions() -> None:
    op.create_table(
        "class_sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("service_id", sa.Uuid, nullable=False),
        sa.Column("resource_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("seats_taken", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("class_sessions_pkey")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("class_sessions_service_id_fkey")),
        sa.CheckConstraint("seats_taken BETWEEN 0 AND seats", name=op.f("class_sessions_seats_check")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("class_sessions_status_check")),
        sa.CheckConstraint("start_at < end_at", name=op.f("class_sessions_order_check")),
    )
    op.create_index("class_sessions_start_at_id_idx", "class_sessions", ["start_at", "id"])
    op.create_index("class_sessions_service_id_start_at_idx", "class_sessions", ["service_id", "start_at"])


def _add_class_session_id(table: str, *, on_delete: str | None) -> None:
    op.add_column(table, sa.Column("class_session_id", sa.Uuid))
    name = op.f(f"{table}_class_session_id_fkey")
    op.create_foreign_key(name, table, "class_sessions", ["class_session_id"], ["id"], ondelete=on_delete)
    op.create_index(f"{table}_class_session_id_idx", table, ["class_session_id"])


def _create_waitlist_entries() -> None:
    op.create_table(
        "waitlist_entries",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("service_id", sa.Uuid, nullable=False),
        sa.Column("resource_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("seats", sa.Integer, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("appointment_id", sa.Uuid),
        sa.Column("expires_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("waitlist_entries_pkey")),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}s.id"], name=op.f(f"waitlist_entries_{name}_id_fkey"))
            for name in ("customer", "service", "appointment")
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'offered', 'accepted', 'expired', 'left')",
            name=op.f("waitlist_entries_status_check"),
        ),
        sa.CheckConstraint("start_at < end_at", name=op.f("waitlist_entries_order_check")),
        sa.CheckConstraint("seats >= 1", name=op.f("waitlist_entries_seats_check")),
    )
    op.create_index("waitlist_entries_created_at_id_idx", "waitlist_entries", ["created_at", "id"])
    op.create_index("waitlist_entries_customer_id_idx", "waitlist_entries", ["customer_id"])
    op.create_index("waitlist_entries_appointment_id_idx", "waitlist_entries", ["appointment_id"])
    op.create_index(
        "waitlist_entries_waiting_idx",
        "waitlist_entries",
        ["service_id", "created_at", "id"],
        postgresql_where=sa.text("status = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("waitlist_entries")
    op.drop_constraint(op.f("claims_holder_check"), "claims")
    for table in ("claims", "appointments"):
        op.drop_column(table, "class_session_id")
    op.create_check_constraint(op.f("claims_holder_check"), "claims", "num_nonnulls(appointment_id, block_id) = 1")
    op.drop_column("appointments", "seats")
    op.drop_table("class_sessions")
    op.drop_column("services", "offer_ttl_minutes")
    op.drop_column("services", "capacity")
