"""Canned replies as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import PatchModel, Settable
from app.core.schemas import RequestModel, ResponseModel, SearchText
from app.tickets.schemas.tickets import Category
from app.tickets.variables import with_known_variables

Title = Annotated[str, StringConstraints(min_length=1, max_length=120), Field(examples=["Colour has faded"])]
Body = Annotated[
    str,
    StringConstraints(min_length=1, max_length=10_000),
    AfterValidator(with_known_variables),
    Field(examples=["Hello {{ customer.name }}, we are sorry to hear that."]),
]


class CannedReplyCreate(RequestModel):
    title: Title
    body: Body
    """With variables such as `{{ customer.name }}`."""
    category: Category = ""


class CannedReplyUpdate(PatchModel):
    title: Settable[Title] = None
    body: Settable[Body] = None
    category: Settable[Category] = None


class CannedReplyRead(ResponseModel):
    id: UUID
    title: Title
    body: Annotated[str, Field(examples=["Hello {{ customer.name }}, we are sorry to hear that."])]
    category: Category
    created_at: datetime
    updated_at: datetime


class CannedReplyText(ResponseModel):
    """A canned reply, for one ticket."""

    body: Annotated[str, Field(examples=["Hello Grace Hopper, we are sorry to hear that."])]
    missing: Annotated[list[str], Field(examples=[[]])]
    """The variables that this ticket has no value for: they still stand in the text."""


class CannedReplyFilters(Changing, PageRequest):
    """Which canned replies are wanted, and which page of them."""

    sort: Annotated[Literal["title", "-title", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = (
        "title"
    )
    ids: Ids = ()
    category: Annotated[str, Field(max_length=60)] | None = None
    q: SearchText | None = None
    """Part of the title or of the text."""
