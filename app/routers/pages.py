"""Lists on the wire: what came of a page request."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import ConfigDict, Field

from app.core.pagination import MOST_COUNTED
from app.core.schemas import ResponseModel

Item = TypeVar("Item")


class PageRead(ResponseModel, Generic[Item]):
    """A page of a list."""

    # Pydantic would look for the docstrings of `PageRead[X]` in the source of whoever writes that.
    model_config = ConfigDict(use_attribute_docstrings=False)

    items: list[Item]
    next_cursor: Annotated[
        str | None, Field(description="Pass it as `cursor` for the page that follows; null on the last page.")
    ]
    total: Annotated[
        int | None, Field(description=f"With `count=true`: how many there are, {MOST_COUNTED:,} at most. Else null.")
    ]
    total_is_capped: Annotated[bool, Field(description="Whether there are more than `total`.")]

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """What clients call it: `PageRead[AppointmentRead]` is an `AppointmentPage`."""
        return f"{params[0].__name__.removesuffix('Read')}Page"
