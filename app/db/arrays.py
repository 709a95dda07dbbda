"""Lists as parameters: one statement for however many values there are."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine


def array_of(values: Iterable[Any], of: TypeEngine[Any]) -> ColumnElement[Any]:
    """The values as one array parameter of this type."""
    return literal(list(values), ARRAY(of))
