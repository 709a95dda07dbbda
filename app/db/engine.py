"""The engine: asyncpg connections that are confined to a schema while in use, and to none while pooled."""

from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.connection import ScopedConnection

_RECYCLE_SECONDS = 1800  # a backend keeps the catalogue of every tenant it has touched: let it go now and then
_CHECKOUT_SECONDS = 5
LOCK_TIMEOUT = "5s"  # whoever waits longer for a row or a table gives its connection back to the others
_PREPARED_STATEMENTS = 500


def make_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """A pooled engine with at most `pool_size` connections. Nothing connects until the first statement."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_recycle=_RECYCLE_SECONDS,
        pool_timeout=_CHECKOUT_SECONDS,
        hide_parameters=True,  # an error ends in a log: no password's hash, token or customer belongs there
        json_serializer=_dump_json,
        json_deserializer=orjson.loads,
        connect_args={
            "connection_class": ScopedConnection,
            "prepared_statement_cache_size": _PREPARED_STATEMENTS,
            "server_settings": {
                "search_path": "pg_catalog",
                "timezone": "UTC",
                "jit": "off",
                "lock_timeout": LOCK_TIMEOUT,
                "application_name": "smoothschedule",
            },
        },
    )
    event.listen(engine.sync_engine, "checkin", _forget_schema)
    return engine


def _dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _forget_schema(dbapi_connection: Any, _record: Any) -> None:
    if dbapi_connection is not None:
        dbapi_connection.driver_connection.confine(None)
