"""Rows of the shared tables, met by their mode in whatever way somebody asks for them."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.auth.roles import Role
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.db.base import PublicBase
from app.models.public import ApiTokenRow, NotificationRow, UserRow
from app.tenancy.mode import Mode
from app.tenancy.shared_rows import keep_to, meaning, rows_with_a_mode
from tests.actors import Business
from tests.auth.cast import Cast
from tests.conftest import Caller

KINDS = {Mode.LIVE: "live", Mode.SANDBOX: "trial"}
Ask = Callable[[AsyncSession, UUID], Awaitable[Iterable[Any]]]


async def whole(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    rows = await session.scalars(select(NotificationRow).where(NotificationRow.user_id == user_id))
    return [row.kind for row in rows]


async def columns(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    return await session.scalars(select(NotificationRow.kind).where(NotificationRow.user_id == user_id))


async def an_alias(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    other = aliased(NotificationRow)
    return await session.scalars(select(other.kind).where(other.user_id == user_id))


async def joined(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    query = select(UserRow, NotificationRow.kind).join(NotificationRow, NotificationRow.user_id == UserRow.id)
    return [row.kind for row in await session.execute(query.where(UserRow.id == user_id))]


async def below_another(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    kind = select(NotificationRow.kind).where(NotificationRow.user_id == user_id).scalar_subquery()
    return await session.scalars(select(UserRow.id, kind).where(UserRow.id == user_id).with_only_columns(kind))


async def by_identity(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    ids = await session.scalars(text("SELECT id FROM public.notifications WHERE user_id = :id"), {"id": user_id})
    found = [await session.get(NotificationRow, each) for each in ids]
    return [row.kind for row in found if row]


async def updated(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    change = update(NotificationRow).where(NotificationRow.user_id == user_id).values(read_at=utcnow())
    return await session.scalars(change.returning(NotificationRow.kind))


async def deleted(session: AsyncSession, user_id: UUID) -> Iterable[Any]:
    gone = delete(NotificationRow).where(NotificationRow.user_id == user_id)
    return await session.scalars(gone.returning(NotificationRow.kind))


@pytest.fixture
def cast(app: FastAPI, at: Caller) -> Cast:
    """Whoever a test needs."""
    return Cast(app, at)


async def notified(app: FastAPI, user_id: UUID) -> None:
    async with app.state.database.transaction() as session:
        for mode, kind in KINDS.items():
            session.add(
                NotificationRow(
                    id=uuid7(),
                    user_id=user_id,
                    is_sandbox=mode is Mode.SANDBOX,
                    kind=kind,
                    data={},
                    read_at=None,
                    created_at=utcnow() - timedelta(minutes=1),
                )
            )


class TestKeepTo:
    @pytest.mark.parametrize(
        "ask",
        [whole, columns, an_alias, joined, below_another, by_identity, updated, deleted],
        ids=lambda ask: ask.__name__,
    )
    async def test_holds_however_one_asks(self, app: FastAPI, cast: Cast, business: Business, ask: Ask) -> None:
        person = await cast.add(Role.TENANT_STAFF, business)
        await notified(app, person.id)
        for mode, kind in KINDS.items():
            async with app.state.database.transaction() as session:
                keep_to(session, partial(Mode, mode))
                assert list(await ask(session, person.id)) == [kind]

    async def test_gives_way_to_a_statement_that_names_a_mode(
        self, app: FastAPI, cast: Cast, business: Business
    ) -> None:
        person = await cast.add(Role.TENANT_STAFF, business)
        await notified(app, person.id)
        query = select(NotificationRow.kind).where(NotificationRow.user_id == person.id)
        async with app.state.database.transaction() as session:
            keep_to(session, partial(Mode, Mode.LIVE))
            assert (await session.scalars(query, execution_options=meaning(Mode.SANDBOX))).all() == ["trial"]

    async def test_counts_alike(self, app: FastAPI, cast: Cast, business: Business) -> None:
        person = await cast.add(Role.TENANT_STAFF, business)
        await notified(app, person.id)
        query = select(func.count()).select_from(NotificationRow).where(NotificationRow.user_id == person.id)
        async with app.state.database.transaction() as session:
            assert await session.scalar(query) == 2
            keep_to(session, lambda: None)
            assert await session.scalar(query) == 2
            keep_to(session, lambda: Mode.LIVE)
            assert await session.scalar(query) == 1
            few = select(NotificationRow.id).where(NotificationRow.user_id == person.id).limit(9).subquery()
            assert await session.scalar(select(func.count()).select_from(few)) == 1

    async def test_knows_one_staff_and_two_kinds_of_customers(
        self, app: FastAPI, cast: Cast, business: Business
    ) -> None:
        staff, customer, trial = [
            await cast.add(role, business) for role in (Role.TENANT_STAFF, Role.CUSTOMER, Role.CUSTOMER)
        ]
        await cast.change(trial, is_sandbox=True)
        query = select(UserRow.id).where(UserRow.id.in_([staff.id, customer.id, trial.id])).order_by(UserRow.id)
        for mode, seen in ((Mode.LIVE, [staff.id, customer.id]), (Mode.SANDBOX, [staff.id, trial.id])):
            async with app.state.database.transaction() as session:
                keep_to(session, partial(Mode, mode))
                assert (await session.scalars(query)).all() == seen

    def test_concerns_every_table_that_says_so(self) -> None:
        tables = {table.name for table in PublicBase.metadata.tables.values() if "is_sandbox" in table.columns}
        assert {row.__tablename__ for row in rows_with_a_mode()} == tables
        assert {ApiTokenRow, NotificationRow, UserRow} <= rows_with_a_mode()
