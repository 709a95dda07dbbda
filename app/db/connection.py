"""A connection whose every transaction is confined to one schema, in the round trip of its BEGIN."""

import re
from typing import Any

import asyncpg

_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class ScopedConnection(asyncpg.Connection):
    """Sends `SET LOCAL search_path` together with `BEGIN`.

    Outside such a transaction, and in one that names no schema, the search_path is `pg_catalog` alone:
    a statement that forgot its tenant finds no table.
    """

    __slots__ = ("_schema",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._schema: str | None = None

    def confine(self, schema: str | None) -> None:
        """Choose the schema of the transactions that start from now on. No I/O."""
        if schema is not None and not _SCHEMA_NAME.fullmatch(schema):
            raise ValueError(f"not a schema name: {schema!r}")
        self._schema = schema

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 — asyncpg's signature
        """As asyncpg's. The transaction's opening statement goes through here, without arguments."""
        if self._schema is not None and query.startswith("BEGIN"):
            query = f"{query} SET LOCAL search_path TO {self._schema}"
        status: str = await super().execute(query, *args, timeout=timeout)
        return status
