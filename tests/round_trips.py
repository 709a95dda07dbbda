"""Counting what a test's own requests send to the database, and nothing that runs beside them in the background."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from sqlalchemy import event

from app.db.connection import ScopedConnection

# A task knows the lists of whoever began it: the application's own tasks were begun before, and know none.
_heard: ContextVar[list[str] | None] = ContextVar("heard", default=None)


def _hear(what: str) -> None:
    if (heard := _heard.get()) is not None:
        heard.append(what)


@contextmanager
def statements(app: FastAPI) -> Iterator[list[str]]:
    """The statements that the application sends meanwhile for whoever calls it from here, in order."""

    def statement(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        _hear(sql)

    engine = app.state.database.engine.sync_engine
    sent: list[str] = []
    token = _heard.set(sent)
    event.listen(engine, "after_cursor_execute", statement)
    try:
        yield sent
    finally:
        event.remove(engine, "after_cursor_execute", statement)
        _heard.reset(token)


@contextmanager
def recorded(app: FastAPI) -> Iterator[list[str]]:
    """Every round trip while it lasts: each statement, and BEGIN, COMMIT and ROLLBACK."""
    execute, fetch = ScopedConnection.execute, ScopedConnection.fetch

    async def execute_and_tell(self: ScopedConnection, query: str, *args: Any, **options: Any) -> str:
        _hear(query.rstrip(";"))  # BEGIN and SET LOCAL search_path travel together
        return await execute(self, query, *args, **options)

    async def fetch_and_tell(self: ScopedConnection, query: str, *args: Any, **options: Any) -> Any:
        _hear(query)
        return await fetch(self, query, *args, **options)

    with (
        statements(app) as trips,
        patch.object(ScopedConnection, "execute", execute_and_tell),
        patch.object(ScopedConnection, "fetch", fetch_and_tell),
    ):
        yield trips
