"""Answers that are kept for a day under the key their request bore, so that sending it again repeats nothing.

An answer is written by the transaction that did the work: both are there, or neither.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, and_, delete, func, literal, outerjoin, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.crypto import Keyring
from app.db.session import SCHEMA
from app.errors import IdempotencyKeyInUse, IdempotencyKeyInvalid, IdempotencyKeyReused
from app.models.public import SharedIdempotencyKeyRow
from app.models.tenant import IdempotencyKeyRow
from app.tenancy.mode import Mode

KEPT_FOR = timedelta(hours=24)
LONGEST = 255

PATTERN = "^[!-~]+$"
"""Visible ASCII characters."""
_LOCK_ID_BYTES = 8
_MOST_SWEPT = 5_000  # of one table in one round

_Table = type[IdempotencyKeyRow] | type[SharedIdempotencyKeyRow]


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that bears a key: whose it is, and what it asks for. Raises IdempotencyKeyInvalid."""

    key: str
    owner_id: UUID
    tenant_id: UUID | None
    mode: Mode
    fingerprint: bytes
    at: datetime

    def __post_init__(self) -> None:
        check(self.key)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the request was answered with."""

    status: int
    headers: dict[str, str]
    body: str


def check(key: str) -> None:
    """Raise IdempotencyKeyInvalid for what cannot be a key."""
    if len(key) > LONGEST or not re.fullmatch(PATTERN, key):
        raise IdempotencyKeyInvalid


async def find_answer(session: AsyncSession, keyring: Keyring, request: KeyedRequest) -> Answer | None:
    """What this request was answered with, or None: then the key is the transaction's until it ends.

    Raises IdempotencyKeyReused if the key belongs to another request, IdempotencyKeyInUse if it is another
    transaction's.
    """
    table = _table_of(session).__table__  # not its class: the identity says which mode's row is meant
    names_it = [table.c[name] == value for name, value in _identity(_table_of(session), request).items()]
    found = outerjoin(select(literal(1)).subquery(), table, and_(*names_it, table.c.created_at > request.at - KEPT_FOR))
    is_ours = func.pg_try_advisory_xact_lock(literal(_lock_id(session, request), BigInteger))
    query = select(is_ours.label("is_ours"), table.c.fingerprint, table.c.status, table.c.sealed).select_from(found)
    row = (await session.execute(query)).one()
    if row.fingerprint is not None:
        if row.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        return Answer(row.status, **orjson.loads(keyring.unseal(row.sealed, about=_about(session, request))))
    if not row.is_ours:
        raise IdempotencyKeyInUse
    return None


async def keep(session: AsyncSession, keyring: Keyring, request: KeyedRequest, answer: Answer) -> None:
    """Write the answer, to be committed with the work. Raises IdempotencyKeyInUse if somebody else's is there by now.

    The lock alone would not do: it is lost where the work begins anew in another transaction, and what `find_answer`
    saw may be older than the lock.
    """
    table = _table_of(session)
    identity = _identity(table, request)
    written: dict[str, Any] = {
        "fingerprint": request.fingerprint,
        "status": answer.status,
        "sealed": keyring.seal(
            orjson.dumps({"headers": answer.headers, "body": answer.body}).decode(), about=_about(session, request)
        ),
        "created_at": request.at,
    }
    if table is SharedIdempotencyKeyRow:
        written["tenant_id"] = request.tenant_id
    statement = (
        insert(table)
        .values(**identity, **written)
        .on_conflict_do_update(
            index_elements=list(identity), set_=written, where=table.created_at <= request.at - KEPT_FOR
        )
        .returning(table.status)
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise IdempotencyKeyInUse


async def sweep(session: AsyncSession, *, now: datetime) -> None:
    """Delete what is no longer kept, of the shared tables or of the schema that the transaction is in."""
    table = _table_of(session)
    primary_key = [table.owner_id, table.key]
    if table is SharedIdempotencyKeyRow:
        primary_key.append(table.is_sandbox)
    outdated = select(*primary_key).where(table.created_at <= now - KEPT_FOR).limit(_MOST_SWEPT)
    await session.execute(delete(table).where(tuple_(*primary_key).in_(outdated.with_for_update(skip_locked=True))))


def _table_of(session: AsyncSession) -> _Table:
    return SharedIdempotencyKeyRow if session.info[SCHEMA] is None else IdempotencyKeyRow


def _identity(table: _Table, request: KeyedRequest) -> dict[str, Any]:
    identity: dict[str, Any] = {"owner_id": request.owner_id, "key": request.key}
    if table is SharedIdempotencyKeyRow:
        identity["is_sandbox"] = request.mode is Mode.SANDBOX
    return identity


def _about(session: AsyncSession, request: KeyedRequest) -> str:
    """Whose answer it is, to what: in another row it cannot be unsealed."""
    return f"{session.info[SCHEMA]}:{request.mode}:{request.owner_id}:{request.key}"


def _lock_id(session: AsyncSession, request: KeyedRequest) -> int:
    return int.from_bytes(sha256(_about(session, request).encode()).digest()[:_LOCK_ID_BYTES], signed=True)
