"""What filters ask of columns. A filter that is not used (None, an empty list) holds of every row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, func, literal, or_, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from app.core.filters import Changing, Dated

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


def caseless(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    """The column's text, as it is sorted and compared without regard to case."""
    return func.lower(column, type_=Text())


def equals(column: Column, value: object) -> ColumnElement[bool]:
    """The column is that value."""
    return true() if value is None else column == value


def is_set(column: Column, wanted: bool | None) -> ColumnElement[bool]:
    """The column holds something, or it does not."""
    if wanted is None:
        return true()
    return column.is_not(None) if wanted else column.is_(None)


def is_among(column: Column, values: Sequence[object]) -> ColumnElement[bool]:
    """The column is one of the values. They travel as one array: it is the same statement for however many."""
    return column == func.any(literal(list(values), ARRAY(column.type))) if values else true()


def is_kept(archived_at: Column, *, archived: bool | None, ids: Sequence[object]) -> ColumnElement[bool]:
    """The row is archived, or it is not, as that is wanted. Left open it is not; but whoever names ids wants both."""
    return true() if archived is None and ids else is_set(archived_at, bool(archived))


def has_element(column: InstrumentedAttribute[list[str]], value: str | None) -> ColumnElement[bool]:
    """The value is an element of the column's array."""
    return true() if value is None else column.contains([value])


def contains(text: str | None, *columns: Column) -> ColumnElement[bool]:
    """The text is part of a column, in whatever case; `%` and `_` mean themselves."""
    return true() if text is None else or_(*[column.icontains(text, autoescape=True) for column in columns])


def is_within(column: Column, since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """The column's instant lies in the half-open range."""
    conditions = [] if since is None else [column >= since]
    return and_(true(), *conditions, *([] if until is None else [column < until]))


def was_made(filters: Dated, created_at: Column) -> ColumnElement[bool]:
    """The row was made when the filters say."""
    return is_within(created_at, filters.created_since, filters.created_until)


def was_changed(filters: Changing, created_at: Column, updated_at: Column) -> ColumnElement[bool]:
    """The row was made when the filters say, and changed last when they do."""
    return and_(was_made(filters, created_at), is_within(updated_at, filters.updated_since, None))
