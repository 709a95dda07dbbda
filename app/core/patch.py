"""PATCH has three states: absent (leave it), null (clear it), a value (set it)."""

from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from sqlalchemy.orm import DeclarativeBase

from app.core.schemas import RequestModel
from app.errors import InvalidValue

T = TypeVar("T")


class _NotNull:
    """Makes of an optional type one that takes no null, in its JSON schema as well."""

    @staticmethod
    def __get_pydantic_core_schema__(source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        optional = handler(source)
        return core_schema.no_info_before_validator_function(_refuse_null, optional["schema"])


def _refuse_null(value: object) -> object:
    if value is None:
        raise InvalidValue("cannot be null", code="null")
    return value


Settable: TypeAlias = Annotated[T | None, _NotNull]
"""A field of a PATCH that can be set and not cleared: None stands for absent, and null is refused."""
Clearable: TypeAlias = T | None
"""A field of a PATCH that null clears."""


class PatchModel(RequestModel):
    """The body of a PATCH: every field may be absent, and says by its type whether it may be null."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        for field in handler.resolve_ref_schema(described)["properties"].values():
            field.pop("default", None)  # absent is not the same as null
        return described


def changes(data: PatchModel) -> dict[str, Any]:
    """The fields that a PATCH body names."""
    return {name: getattr(data, name) for name in data.model_fields_set}


def apply(row: DeclarativeBase, values: dict[str, Any]) -> bool:
    """Set the values on the row; whether any of them differed."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)
