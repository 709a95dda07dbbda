"""Who brought an event about, and what they call the operation."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("events", sa.Column("actor_id", sa.Uuid))
    op.add_column("events", sa.Column("op_id", sa.Text))


def downgrade() -> None:
    op.drop_column("events", "op_id")
    op.drop_column("events", "actor_id")
