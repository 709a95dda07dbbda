"""One request or job, one transaction: begun, committed and announced here and nowhere else."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.util import greenlet_spawn

from app.db.connection import ScopedConnection
from app.db.constraints import PASSING, problem_of, sqlstate_of
from app.errors import Problem, Unavailable

SCHEMA = "schema"
_ENDED_BY = "ended_by"
_LEFT = "left_for_the_end"

_Left = dict[Callable[[AsyncSession, list[Any]], Awaitable[None]], list[Any]]
_left_before: WeakKeyDictionary[SessionTransaction, dict[Any, int]] = WeakKeyDictionary()
"""For each savepoint, how much of each work was left before it."""


class ScopedSession(Session):
    """A session whose transactions run in the schema that its `info` names."""


@event.listens_for(ScopedSession, "after_begin")
def _confine(session: Session, _transaction: SessionTransaction, connection: SqlConnection) -> None:
    raw: Any = connection.connection.driver_connection
    raw.confine(session.info.get(SCHEMA))


@event.listens_for(ScopedSession, "after_transaction_create")
def _remember_what_was_left(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        left: _Left = session.info.get(_LEFT, {})
        _left_before[transaction] = {work: len(items) for work, items in left.items()}


@event.listens_for(ScopedSession, "after_soft_rollback")
def _drop_what_was_left_since(session: Session, transaction: SessionTransaction) -> None:
    before = _left_before.pop(transaction, {})
    left: _Left = session.info.pop(_LEFT, {})
    session.info[_LEFT] = {work: items[: before[work]] for work, items in left.items() if work in before}


def leave_for_the_end(
    session: AsyncSession, work: Callable[[AsyncSession, list[Any]], Awaitable[None]], item: Any
) -> None:
    """Have the transaction end with this work, which is given at once all the items that were left for it.

    Nothing of it is done if the transaction is rolled back, or the savepoint that it was left behind.
    """
    session.info.setdefault(_LEFT, {}).setdefault(work, []).append(item)


async def do_what_is_left(session: AsyncSession) -> None:
    """The work that was left for the end of the transaction."""
    while left := session.info.pop(_LEFT, None):
        for work, items in left.items():
            await work(session, items)


class CommitListener(Protocol):
    """Something to be done around each commit: it finds in `session.info` what was left for it."""

    async def before_commit(self, session: AsyncSession) -> None:
        """Run in the transaction. An error here rolls it back."""
        ...

    async def after_commit(self, session: AsyncSession) -> None:
        """Run once the transaction is durable. Must not raise."""
        ...


def ended_by(session: AsyncSession) -> Problem | None:
    """The problem that ends a transaction which is committed all the same."""
    problem: Problem | None = session.info.get(_ENDED_BY)
    return problem


@contextmanager
def _failures_as_problems() -> Iterator[None]:
    """Round the whole of a session: its end rolls back what is unfinished, and may find the connection lost as well."""
    try:
        yield
    except IntegrityError as error:
        raise problem_of(error) from error
    except (PoolTimeout, OSError, asyncpg.PostgresError) as error:  # no connection to be had
        raise Unavailable from error
    except DBAPIError as error:
        if error.connection_invalidated or (sqlstate_of(error) or "").startswith(PASSING):
            raise Unavailable from error
        raise


class Database:
    """Hands out transactions."""

    def __init__(self, engine: AsyncEngine, listeners: Sequence[CommitListener] = ()) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False, sync_session_class=ScopedSession)
        self._listeners = listeners

    @asynccontextmanager
    async def transaction(self, schema: str | None = None) -> AsyncIterator[AsyncSession]:
        """A transaction in this tenant schema (or in none: public tables only), committed at the end.

        Raises the Problem that a violated constraint stands for, and Unavailable if no connection is to be had, or no
        lock in time.
        """
        with _failures_as_problems():
            async with self._sessions(info={SCHEMA: schema}) as session:
                try:
                    yield session
                    await self._commit(session)
                except Problem as problem:
                    if not problem.keeps_changes:
                        raise
                    session.info[_ENDED_BY] = problem
                    await self._commit(session)
                    await self._announce(session)
                    raise
                await self._announce(session)

    @asynccontextmanager
    async def snapshot(self, schema: str) -> AsyncIterator[ScopedConnection]:
        """A read-only transaction in this tenant schema on the driver's own connection, for the busiest reads.

        A third of the price of a session's. Raises Unavailable if no connection is to be had, or this one is lost.
        """
        try:
            borrowed = await greenlet_spawn(self.engine.sync_engine.pool.connect)
        except (PoolTimeout, OSError, asyncpg.PostgresError) as error:
            raise Unavailable from error
        connection = cast("ScopedConnection", borrowed.driver_connection)
        connection.confine(schema)
        try:
            async with connection.transaction(readonly=True):
                yield connection
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
            raise Unavailable from error
        finally:
            is_clean = not (connection.is_closed() or connection.is_in_transaction())
            await greenlet_spawn(borrowed.close if is_clean else borrowed.invalidate)

    async def _commit(self, session: AsyncSession) -> None:
        await do_what_is_left(session)
        for listener in self._listeners:
            await listener.before_commit(session)
        if session.in_transaction():
            await session.commit()

    async def _announce(self, session: AsyncSession) -> None:
        for listener in self._listeners:
            await listener.after_commit(session)

    async def close(self) -> None:
        """Close every pooled connection."""
        await self.engine.dispose()
