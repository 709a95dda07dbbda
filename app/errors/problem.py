"""What every problem is made of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.errors.sentences import Sentence, fill


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: a JSON pointer (RFC 6901) into the body, or the parameter's name."""

    pointer: str
    template: str
    """What is wrong, in English, with `{names}` of params."""
    params: Mapping[str, Any] = field(default_factory=dict)
    code: str = "invalid"
    """The same for programs."""

    @property
    def detail(self) -> str:
        """What is wrong, in English."""
        return fill(self.template, self.params)


class InvalidValue(ValueError):
    """A value that cannot be taken, and what to change about it: an error of its field, wherever that is found.

    `pointer` leads from the value that was looked at to the part of it that is meant.
    """

    def __init__(
        self, template: str, *, code: str = "invalid", params: Mapping[str, Any] | None = None, pointer: str = ""
    ) -> None:
        super().__init__(fill(template, params or {}))
        self.template = template
        self.params = dict(params or {})
        self.code = code
        self.pointer = pointer

    def at(self, pointer: str) -> FieldError:
        """The same of the field there."""
        return FieldError(pointer + self.pointer, self.template, self.params, self.code)


class Problem(Exception):
    """Something went wrong.

    The detail is a sentence in English with `{names}` of params, whose values it shows. Without one it is the advice.
    """

    status: ClassVar[int] = 500
    keeps_changes: ClassVar[bool] = False
    """Whether the transaction that this problem ends is committed all the same."""

    def __init__(
        self,
        detail: str | Sentence | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        said = detail if isinstance(detail, Sentence) else Sentence(detail or self.advice())
        self.template = said.template
        self.params = {**said.params, **(params or {})}
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        super().__init__(self.template)

    def __str__(self) -> str:
        return self.detail

    @property
    def detail(self) -> str:
        """What is wrong this time, in English."""
        return fill(self.template, self.params)

    @classmethod
    def code(cls) -> str:
        """The class's name in kebab case, as it ends the problem type: `slot-taken`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The short, stable summary of the problem type."""
        return (cls.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")

    @classmethod
    def advice(cls) -> str:
        """What the caller can do about it."""
        _, _, rest = (cls.__doc__ or "").strip().partition("\n")
        return " ".join(rest.split()) or cls.title()


def problem_types() -> list[type[Problem]]:
    """Every problem type, parents first."""
    found: list[type[Problem]] = []
    queue: list[type[Problem]] = [Problem]
    while queue:
        kind = queue.pop(0)
        children = kind.__subclasses__()
        found += children
        queue += children
    return found
