"""JSON that the database writes, in the shape of response models."""

from datetime import datetime
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def whole(instant: str) -> str:
    """SQL for an instant that is always a whole second, as Pydantic writes it: in UTC."""
    return f"""to_char(timezone('UTC', {instant}), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def written(instant: str) -> str:
    """SQL for any instant likewise, with microseconds only where there are any."""
    return f"""replace(to_char(timezone('UTC', {instant}), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')"""


def columns_of(model: type[BaseModel], **others: str) -> str:
    """SQL for the fields of a model, in their order: each the column of its name, but for `others`."""
    values = {name: others.get(name) or _column(name, field) for name, field in model.model_fields.items()}
    return ", ".join(f'{value} AS "{name}"' for name, value in values.items())


def document(columns: str, source: str) -> str:
    """SQL for the one row that these columns of the source have, as JSON."""
    return f"(SELECT row_to_json(shown) FROM (SELECT {columns} FROM {source}) shown)"  # noqa: S608 — our own words # nosec B608


def _column(name: str, field: FieldInfo) -> str:
    return written(name) if datetime in {field.annotation, *get_args(field.annotation)} else name
