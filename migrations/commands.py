"""What the two `env.py` have in common. Only Alembic's commands run them: the application has its own runner."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from alembic.operations.ops import MigrationScript
from alembic.runtime.environment import ProcessRevisionDirectiveFn
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from app.settings import get_settings
from app.tenancy.migrations import direct_engine, scripts
from app.tenancy.revisions import Chain


def on_direct_connection(work: Callable[[Connection], None]) -> None:
    """Do the work in one transaction on the database of the settings."""

    async def run() -> None:
        async with direct_engine(get_settings().listen_url).begin() as connection:
            await connection.run_sync(work)

    asyncio.run(run())


def numbered(chain: Chain) -> ProcessRevisionDirectiveFn:
    """Alembic's hook that names a new revision: the number after the head's, in four digits."""
    return partial(_number, chain)


def _number(
    chain: Chain,
    _context: MigrationContext,
    _current: str | Iterable[str | None] | Iterable[str],
    directives: list[MigrationScript],
) -> None:
    for directive in directives:
        directive.rev_id = f"{int(scripts(chain).get_current_head() or 0) + 1:04}"
