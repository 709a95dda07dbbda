"""Alembic's commands on the public chain, for making revisions: `alembic -n public …`."""

from alembic import context
from sqlalchemy import Connection

from app.db.base import PublicBase
from app.models import public as _tables  # noqa: F401 — fills the metadata
from migrations.commands import numbered, on_direct_connection


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=PublicBase.metadata,
        version_table_schema=PublicBase.metadata.schema,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == PublicBase.metadata.schema,
        process_revision_directives=numbered("public"),
    )
    with context.begin_transaction():
        context.run_migrations()


on_direct_connection(_run)
