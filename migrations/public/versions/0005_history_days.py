"""For how many days a business wants what happened to be kept."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("tenants", sa.Column("history_days", sa.Integer), schema="public")
    op.create_check_constraint(op.f("tenants_history_days_check"), "tenants", "history_days > 0", schema="public")


def downgrade() -> None:
    op.drop_column("tenants", "history_days", schema="public")
