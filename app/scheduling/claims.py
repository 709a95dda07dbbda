"""Claims on resources' time: the only way in which anything takes it, so that nothing is ever booked twice.

The exclusion constraint decides. The lock on the resources' rows is there so that a race is a queue and not a
deadlock: every path that writes claims takes it first, in a statement of its own.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy import CTE, DateTime, Uuid, column, delete, func, literal, select
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.db.arrays import array_of
from app.db.constraints import DEADLOCK_DETECTED, sqlstate_of
from app.models.tenant import AppointmentRow, ClaimRow, ClassSessionRow, ResourceRow
from app.models.tenant.claim import NO_OVERLAP

_ATTEMPTS = 3

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class NewClaim:
    """A resource's time wanted by an appointment or a class session (buffers inside) or by a block; half-open."""

    resource_id: UUID
    start_at: datetime
    end_at: datetime
    appointment_id: UUID | None = None
    block_id: UUID | None = None
    class_session_id: UUID | None = None
    expires_at: datetime | None = None


def claims_of(
    holder: AppointmentRow | ClassSessionRow,
    minutes_before: int,
    minutes_after: int,
    *,
    expires_at: datetime | None = None,
) -> list[NewClaim]:
    """The time that an appointment or a class session takes of each of its resources, buffers inside."""
    start_at = holder.start_at - timedelta(minutes=minutes_before)
    end_at = holder.end_at + timedelta(minutes=minutes_after)
    name = "appointment_id" if isinstance(holder, AppointmentRow) else "class_session_id"
    return [
        NewClaim(resource_id, start_at, end_at, expires_at=expires_at, **{name: holder.id})
        for resource_id in holder.resource_ids
    ]


async def lock_resources(session: AsyncSession, resource_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Wait for everybody else who writes claims on these resources. Held until the transaction ends.

    Gives back those of them that still are in use, not archived.
    """
    locked = (
        select(ResourceRow.id, ResourceRow.archived_at)
        .where(ResourceRow.id == func.any(array_of(sorted(set(resource_ids)), Uuid())))
        .order_by(ResourceRow.id)
        .with_for_update(key_share=True)
    )
    rows = await session.execute(locked)
    return frozenset(row.id for row in rows if row.archived_at is None)


async def take(session: AsyncSession, claims: Sequence[NewClaim], *, now: datetime) -> bool:
    """Take the time of all of them, in place of holds that have expired. The resources must be locked.

    False if somebody has any of it: the caller must then roll back, for the others' time may have been taken.
    """
    await free_expired(session, claims, now=now)
    taken = taking(claims)
    return await session.scalar(select(func.count()).select_from(taken)) == len(claims)


def taking(claims: Sequence[NewClaim]) -> CTE:
    """The claims' insertion as a part of a statement: it returns the ids of those whose time was free."""
    wanted = (
        func.unnest(
            array_of([uuid7() for _ in claims], Uuid()),
            array_of([claim.resource_id for claim in claims], Uuid()),
            array_of([claim.start_at for claim in claims], DateTime(timezone=True)),
            array_of([claim.end_at for claim in claims], DateTime(timezone=True)),
            array_of([claim.appointment_id for claim in claims], Uuid()),
            array_of([claim.block_id for claim in claims], Uuid()),
            array_of([claim.class_session_id for claim in claims], Uuid()),
            array_of([claim.expires_at for claim in claims], DateTime(timezone=True)),
        )
        .table_valued(
            column("id", Uuid()),
            column("resource_id", Uuid()),
            column("start_at", DateTime(timezone=True)),
            column("end_at", DateTime(timezone=True)),
            column("appointment_id", Uuid()),
            column("block_id", Uuid()),
            column("class_session_id", Uuid()),
            column("expires_at", DateTime(timezone=True)),
            name="wanted",
        )
        .render_derived()
    )
    of = wanted.c
    during = func.tstzrange(of.start_at, of.end_at)
    holders = ("appointment_id", "block_id", "class_session_id")
    values = select(of.id, of.resource_id, during, *(of[name] for name in holders), of.expires_at)
    columns = ("id", "resource_id", "during", *holders, "expires_at")
    return (
        insert(ClaimRow)
        .from_select(columns, values)
        .on_conflict_do_nothing(constraint=NO_OVERLAP)
        .returning(ClaimRow.id)
        .cte("taken_claims")
    )


async def free_expired(session: AsyncSession, claims: Sequence[NewClaim], *, now: datetime) -> None:
    """Delete the claims of expired holds on these resources around that time."""
    around = Range(min(claim.start_at for claim in claims), max(claim.end_at for claim in claims))
    expired = delete(ClaimRow).where(
        ClaimRow.resource_id == func.any(array_of([claim.resource_id for claim in claims], Uuid())),
        ClaimRow.during.op("&&")(literal(around, TSTZRANGE())),
        ClaimRow.expires_at <= now,
    )
    await session.execute(expired)


async def free(session: AsyncSession, appointment_ids: Sequence[UUID]) -> None:
    """Give the time of these appointments back. Their resources must be locked."""
    held = ClaimRow.appointment_id == func.any(array_of(appointment_ids, Uuid()))
    await session.execute(delete(ClaimRow).where(held))


def retried_on_deadlock(
    work: Callable[Concatenate[AsyncSession, Arguments], Awaitable[Result]],
) -> Callable[Concatenate[AsyncSession, Arguments], Awaitable[Result]]:
    """Run a whole transaction's work again if PostgreSQL chose it as the victim of a deadlock.

    The locks above leave no room for one between bookings; other writers of the same rows may come one day.
    """

    @wraps(work)
    async def run(session: AsyncSession, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await work(session, *args, **kwargs)
            except DBAPIError as error:
                if sqlstate_of(error) != DEADLOCK_DETECTED:
                    raise
                await session.rollback()
        return await work(session, *args, **kwargs)

    return run
