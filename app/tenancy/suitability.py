"""Whether a PostgreSQL server has what our schemas are made of."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_OLDEST = 150_000  # NULLS NOT DISTINCT
_FACTS = text("""
SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
  EXISTS (SELECT FROM pg_available_extensions WHERE name = 'btree_gist') AS has_btree_gist
""")


class DatabaseUnsuitable(Exception):
    """The server cannot hold our database; the message says what it lacks and what to do."""


async def require_suitable(connection: AsyncConnection) -> None:
    """Raise DatabaseUnsuitable for a server that is too old, or without the extension that guards every booking."""
    facts = (await connection.execute(_FACTS)).one()
    check(number=facts.number, version=facts.version, has_btree_gist=facts.has_btree_gist)


def check(*, number: int, version: str, has_btree_gist: bool) -> None:
    """Judge what a server says of itself. Raises DatabaseUnsuitable."""
    if number < _OLDEST:
        raise DatabaseUnsuitable(f"PostgreSQL 15 or newer is needed, this server is {version}. Upgrade it first.")
    if not has_btree_gist:
        raise DatabaseUnsuitable(
            "This PostgreSQL lacks btree_gist, which guards against double bookings: install its contrib package "
            "(Debian: postgresql-contrib)."
        )
