"""Alembic's commands on the tenant chain, for making revisions: `alembic -n tenant -x schema=tenant_demo …`."""

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, func, select

from app.db.base import TenantBase
from app.models import tenant as _tables  # noqa: F401 — fills the metadata
from migrations.commands import numbered, on_direct_connection


def _run(connection: Connection) -> None:
    schema = context.get_x_argument(as_dictionary=True).get("schema", "")
    if not schema.startswith("tenant_"):
        raise CommandError("say which tenant's schema to work on, as in: alembic -n tenant -x schema=tenant_demo …")
    connection.execute(select(func.set_config("search_path", schema, True)))
    context.configure(
        connection=connection,
        target_metadata=TenantBase.metadata,
        process_revision_directives=numbered("tenant"),
    )
    with context.begin_transaction():
        context.run_migrations()


on_direct_connection(_run)
