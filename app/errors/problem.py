"""What every problem is made of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: a JSON pointer (RFC 6901) into the body, or the parameter's name."""

    pointer: str
    detail: str


class Problem(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    keeps_changes: ClassVar[bool] = False
    """Whether the transaction that this problem ends is committed all the same."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or self.advice())
        self.detail = detail or self.advice()
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = dict(params or {})

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
