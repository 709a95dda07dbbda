"""What the parts of the back office may ask of the whole."""

from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from app.errors import Problem


class Frame(Protocol):
    """Makes pages."""

    def show(self, request: Request, template: str, **context: Any) -> Response:
        """The page that this template makes, for whoever asks. One that shows a `problem` has its status."""
        ...

    def show_problem(self, request: Request, problem: Problem) -> Response:
        """A page that says what went wrong, and leads back."""
        ...
