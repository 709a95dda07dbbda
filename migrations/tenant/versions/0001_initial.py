"""What every business has: its catalogue, hours, customers, appointments, claims, events and webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_customers()
    _create_events()
    _create_resources()
    _create_services()
    _create_webhook_endpoints()
    _create_appointments()
    _create_blocks()
    _create_schedule_overrides()
    _create_schedule_rules()
    _create_service_requirements()
    _create_webhook_deliveries()
    _create_claims()


def downgrade() -> None:
    for table in (
        "claims",
        "webhook_deliveries",
        "service_requirements",
        "schedule_rules",
        "schedule_overrides",
        "blocks",
        "appointments",
        "webhook_endpoints",
        "services",
        "resources",
        "events",
        "customers",
    ):
        op.drop_table(table)


def _create_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_index("customers_email_idx", "customers", [sa.text("lower(email)")])


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
    )
    op.create_index("events_occurred_at_id_idx", "events", ["occurred_at", "id"])


def _create_resources() -> None:
    op.create_table(
        "resources",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("archived_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("kind IN ('staff', 'room', 'equipment')", name=op.f("resources_kind_check")),
    )


def _create_services() -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("duration_minutes", sa.Integer, nullable=False),
        sa.Column("buffer_before_minutes", sa.Integer, nullable=False),
        sa.Column("buffer_after_minutes", sa.Integer, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("slot_step_minutes", sa.Integer, nullable=False),
        sa.Column("alignment", sa.Text, nullable=False),
        sa.Column("minimum_notice_minutes", sa.Integer, nullable=False),
        sa.Column("booking_window_days", sa.Integer),
        sa.Column("requires_approval", sa.Boolean, nullable=False),
        sa.Column("approval_ttl_minutes", sa.Integer, nullable=False),
        sa.Column("hold_ttl_minutes", sa.Integer, nullable=False),
        sa.Column("archived_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name=op.f("services_duration_check")),
        sa.CheckConstraint("slot_step_minutes BETWEEN 1 AND 1440", name=op.f("services_slot_step_check")),
        sa.CheckConstraint("buffer_before_minutes BETWEEN 0 AND 1440", name=op.f("services_buffer_before_check")),
        sa.CheckConstraint("buffer_after_minutes BETWEEN 0 AND 1440", name=op.f("services_buffer_after_check")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("services_price_check")),
        sa.CheckConstraint("alignment IN ('window', 'clock')", name=op.f("services_alignment_check")),
    )


def _create_webhook_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("secret_sealed", sa.Text, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("disabled_reason", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )


def _create_appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("customer_id", sa.Uuid, sa.ForeignKey("customers.id"), nullable=False),
        sa.Column("service_id", sa.Uuid, sa.ForeignKey("services.id"), nullable=False),
        sa.Column("resource_ids", postgresql.ARRAY(sa.Uuid), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("cancelled_at", INSTANT),
        sa.Column("cancelled_by", sa.Text),
        sa.Column("cancel_reason", sa.Text),
        sa.Column("rescheduled_from_id", sa.Uuid, sa.ForeignKey("appointments.id")),
        sa.Column("rescheduled_to_id", sa.Uuid, sa.ForeignKey("appointments.id")),
        sa.Column("ics_uid", sa.Text, nullable=False),
        sa.Column("ics_sequence", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status IN ('held', 'pending', 'confirmed', 'checked_in', 'completed', 'no_show', "
            "'cancelled', 'declined', 'expired')",
            name=op.f("appointments_status_check"),
        ),
        sa.CheckConstraint("start_at < end_at", name=op.f("appointments_order_check")),
        sa.CheckConstraint(
            "cancelled_by IN ('customer', 'staff', 'system')", name=op.f("appointments_cancelled_by_check")
        ),
    )
    op.create_index("appointments_customer_id_start_at_idx", "appointments", ["customer_id", "start_at"])
    op.create_index(
        "appointments_expires_at_idx",
        "appointments",
        ["expires_at"],
        postgresql_where=sa.text("status IN ('held', 'pending')"),
    )
    op.create_index("appointments_resource_ids_idx", "appointments", ["resource_ids"], postgresql_using="gin")
    op.create_index("appointments_service_id_idx", "appointments", ["service_id"])
    op.create_index("appointments_start_at_id_idx", "appointments", ["start_at", "id"])


def _create_blocks() -> None:
    op.create_table(
        "blocks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resources.id"), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("start_at < end_at", name=op.f("blocks_order_check")),
    )
    op.create_index("blocks_resource_id_start_at_idx", "blocks", ["resource_id", "start_at"])


def _create_schedule_overrides() -> None:
    op.create_table(
        "schedule_overrides",
        sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("local_date", sa.Date, primary_key=True),
        sa.Column("windows", postgresql.JSONB, nullable=False),
    )


def _create_schedule_rules() -> None:
    op.create_table(
        "schedule_rules",
        sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resources.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("weekday", sa.Integer, primary_key=True),
        sa.Column("starts_at_local", sa.Time, primary_key=True),
        sa.Column("ends_at_local", sa.Time, nullable=False),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("schedule_rules_weekday_check")),
    )


def _create_service_requirements() -> None:
    op.create_table(
        "service_requirements",
        sa.Column("service_id", sa.Uuid, sa.ForeignKey("services.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resources.id"), primary_key=True),
        sa.Column("priority", sa.Integer, nullable=False),
    )
    op.create_index("service_requirements_resource_id_idx", "service_requirements", ["resource_id"])


def _create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Uuid, sa.ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
        sa.Column("endpoint_id", sa.Uuid, sa.ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("response_status", sa.Integer),
        sa.Column("response_excerpt", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_attempt_at", INSTANT),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed')", name=op.f("webhook_deliveries_status_check")
        ),
        sa.UniqueConstraint("event_id", "endpoint_id"),
    )
    op.create_index(
        "webhook_deliveries_due_idx",
        "webhook_deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index("webhook_deliveries_endpoint_id_id_idx", "webhook_deliveries", ["endpoint_id", "id"])


def _create_claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("resource_id", sa.Uuid, sa.ForeignKey("resources.id"), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE, nullable=False),
        sa.Column("appointment_id", sa.Uuid, sa.ForeignKey("appointments.id", ondelete="CASCADE")),
        sa.Column("block_id", sa.Uuid, sa.ForeignKey("blocks.id", ondelete="CASCADE")),
        sa.Column("expires_at", INSTANT),
        postgresql.ExcludeConstraint(
            ("resource_id", "="), ("during", "&&"), using="gist", name="claims_no_overlap_excl"
        ),
        sa.CheckConstraint("num_nonnulls(appointment_id, block_id) = 1", name=op.f("claims_holder_check")),
        sa.CheckConstraint(
            "NOT isempty(during) AND lower_inc(during) AND NOT upper_inc(during)", name=op.f("claims_during_check")
        ),
    )
    op.create_index("claims_appointment_id_idx", "claims", ["appointment_id"])
    op.create_index("claims_block_id_idx", "claims", ["block_id"])
