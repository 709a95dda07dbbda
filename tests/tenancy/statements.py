"""What the whole suite sends to the database, held against what a sharded one can run.

Under schema-based sharding a statement on a business's tables has to stay within its one schema, and must not ask each
server for the time, an id or the schema it is in.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Pool, event

from app.db.base import TenantBase
from app.models import tenant as _tables  # noqa: F401 — fills the metadata

_ON_TENANT_TABLES = re.compile(
    rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:{'|'.join(TenantBase.metadata.tables)})\b", re.IGNORECASE
)
_FORBIDDEN = {
    "touches a shared table too": r"\bpublic\.",
    "names a schema": r"\btenant_\w+\.",
    "asks the server for the time": r"\b(?:now|\w+_timestamp)\s*\(|\b(?:current_|local)(?:timestamp|date|time)\b",
    "reckons with intervals": r"\b(?:interval|make_interval)\b",
    "asks the server for an id": r"\b(?:gen_random_uuid|uuidv[47]|nextval|random)\s*\(",
    "asks which schema it is in": r"\bcurrent_(?:schemas?|setting)\b",
    "merges": r"\bMERGE\b",
}


def offences(statement: str) -> list[str]:
    """Why a business's tables could not be sharded if this statement were sent; empty if they could."""
    if not _ON_TENANT_TABLES.search(statement):
        return []
    return [what for what, pattern in _FORBIDDEN.items() if re.search(pattern, statement, re.IGNORECASE)]


@contextmanager
def recording() -> Iterator[set[str]]:
    """Every statement that any engine of this process sends while it lasts.

    Those that go to the driver past SQLAlchemy are heard on connections that are made meanwhile.
    """
    sent: set[str] = set()

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.add(statement)

    def attend(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.driver_connection.add_query_logger(lambda logged: sent.add(logged.query))

    event.listen(Engine, "before_cursor_execute", hear)
    event.listen(Pool, "connect", attend)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
        event.remove(Pool, "connect", attend)
