"""Lists on the wire: `limit` and `cursor` in, `items` and `next_cursor` out."""

from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import ConfigDict, Field

from app.core.pagination import DEFAULT_LIMIT, MAX_LIMIT, PageRequest
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


async def page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")] = None,
) -> PageRequest:
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(page_request)]
