"""PATCH has three states: absent (leave it), null (clear it), a value (set it)."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase

from app.errors import FieldError, ValidationFailed


def changes(data: BaseModel, *, clearable: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields that a PATCH body names. Raises ValidationFailed for a null where nothing can be cleared."""
    named = {name: getattr(data, name) for name in data.model_fields_set}
    refused = [name for name, value in named.items() if value is None and name not in clearable]
    if refused:
        raise ValidationFailed(
            errors=[FieldError(f"/{name}", "cannot be null", code="null") for name in sorted(refused)]
        )
    return named


def apply(row: DeclarativeBase, values: dict[str, Any]) -> bool:
    """Set the values on the row; whether any of them differed."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)
