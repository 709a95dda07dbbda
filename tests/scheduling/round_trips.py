"""Counting what goes to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import event


@contextmanager
def recorded(app: FastAPI) -> Iterator[list[str]]:
    """Every round trip of the application while it lasts: each statement, and BEGIN, COMMIT and ROLLBACK."""
    trips: list[str] = []
    engine = app.state.database.engine.sync_engine

    def statement(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        trips.append(sql)

    # BEGIN and SET LOCAL search_path travel together.
    listeners: dict[str, Callable[..., None]] = {
        "before_cursor_execute": statement,
        "begin": lambda _connection: trips.append("BEGIN"),
        "commit": lambda _connection: trips.append("COMMIT"),
        "rollback": lambda _connection: trips.append("ROLLBACK"),
    }
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    yield trips
    for name, listener in listeners.items():
        event.remove(engine, name, listener)
