"""What a request brings: its transaction, and its fields as the features want them."""

from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from app.admin.middleware import FORM_FIELD
from app.auth.dependencies import public_session
from app.errors import ValidationFailed
from app.errors.complaints import complaint

Model = TypeVar("Model", bound=BaseModel)

transaction = asynccontextmanager(public_session)
"""The request's transaction on the shared tables, audited; committed as the block ends, and so before the answer."""


async def fields_of(request: Request) -> dict[str, str | None]:
    """The form's fields without its token, as they were typed; what is left blank is None.

    Browsers end the lines of a text by CR and LF; the API's clients do so by LF alone, and so is it kept.
    """
    form = await request.form()
    texts = {name: value for name, value in form.items() if isinstance(value, str) and name != FORM_FIELD}
    return {name: value.replace("\r\n", "\n") if value.strip() else None for name, value in texts.items()}


async def read_form(request: Request, kind: type[Model]) -> Model:
    """The form as this schema. Raises ValidationFailed."""
    return checked(kind, await fields_of(request))


def _as_sent(kind: type[BaseModel], name: str, value: object) -> object:
    """A form has texts alone: what the schema wants a number for is one, if it can be."""
    field = kind.model_fields.get(name)
    if field is None or not isinstance(value, str) or int not in _parts(field.annotation):
        return value
    try:
        return int(value)
    except ValueError:
        return value


def _parts(annotation: object) -> Iterator[object]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def checked(kind: type[Model], fields: Mapping[str, object]) -> Model:
    """The fields as this schema. Raises ValidationFailed."""
    try:
        return kind.model_validate({name: _as_sent(kind, name, value) for name, value in fields.items()})
    except ValidationError as error:
        raise ValidationFailed(
            errors=[complaint(".".join(map(str, each["loc"])), each) for each in error.errors()]
        ) from error
