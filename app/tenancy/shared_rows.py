"""Which rows of the shared tables there are in a mode: the one place that says so.

A business's own tables are kept apart by their schemas. Rows of the shared ones bear `is_sandbox`, and a transaction
that serves somebody known meets those of their mode alone, whatever it asks for or changes in bulk. Log-ins, jobs and
commands serve nobody of whom a mode is known: they say themselves what they want.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, event, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, with_loader_criteria

from app.db.base import PublicBase
from app.db.session import ScopedSession
from app.models.public import UserRow
from app.tenancy.mode import Mode

_MODE = "mode"


def keep_to(session: AsyncSession, mode_of_caller: Callable[[], Mode | None]) -> None:
    """Have the session's statements meet rows of the caller's mode alone: of all modes while nobody is known."""
    session.info[_MODE] = mode_of_caller


def meaning(mode: Mode) -> dict[str, Any]:
    """Execution options for a statement that means this mode, whatever the caller's is."""
    return {_MODE: mode}


def rows_with_a_mode() -> set[type[PublicBase]]:
    """The shared tables whose rows belong to one mode each."""
    return {mapper.class_ for mapper in PublicBase.registry.mappers if "is_sandbox" in mapper.columns}


@event.listens_for(ScopedSession, "do_orm_execute")
def _keep(state: ORMExecuteState) -> None:
    mode_of_caller: Callable[[], Mode | None] | None = state.session.info.get(_MODE)
    mapper = state.bind_mapper
    if mode_of_caller is None or mapper is None or not issubclass(mapper.class_, PublicBase):
        return
    mode = state.execution_options.get(_MODE) or mode_of_caller()
    if mode is not None:
        state.statement = state.statement.options(*_criteria(mode))


@cache
def _criteria(mode: Mode) -> Iterable[LoaderCriteriaOption]:
    return tuple(with_loader_criteria(row, _is_there(row, mode), include_aliases=True) for row in rows_with_a_mode())


def _is_there(row: type[PublicBase], mode: Mode) -> ColumnElement[bool]:
    is_sandbox: ColumnElement[bool] = row.__mapper__.columns["is_sandbox"]
    if mode is Mode.LIVE:
        return is_sandbox.is_(False)
    if row is UserRow:  # there is one staff, who work in both
        return or_(UserRow.is_sandbox, UserRow.role != "CUSTOMER")
    return is_sandbox
