"""Counting what goes to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from sqlalchemy import event

from app.db.connection import ScopedConnection


@contextmanager
def recorded(app: FastAPI) -> Iterator[list[str]]:
    """Every round trip of the application while it lasts: each statement, and BEGIN, COMMIT and ROLLBACK."""
    trips: list[str] = []
    execute, fetch = ScopedConnection.execute, ScopedConnection.fetch

    async def execute_and_tell(self: ScopedConnection, query: str, *args: Any, **options: Any) -> str:
        trips.append(query.rstrip(";"))  # BEGIN and SET LOCAL search_path travel together
        return await execute(self, query, *args, **options)

    async def fetch_and_tell(self: ScopedConnection, query: str, *args: Any, **options: Any) -> Any:
        trips.append(query)
        return await fetch(self, query, *args, **options)

    def statement(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        trips.append(sql)

    engine = app.state.database.engine.sync_engine
    event.listen(engine, "after_cursor_execute", statement)
    with (
        patch.object(ScopedConnection, "execute", execute_and_tell),
        patch.object(ScopedConnection, "fetch", fetch_and_tell),
    ):
        yield trips
    event.remove(engine, "after_cursor_execute", statement)
