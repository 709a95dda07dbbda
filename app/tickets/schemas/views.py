"""Views of tickets as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import PatchModel, Settable
from app.core.schemas import Name, RequestModel, ResponseModel
from app.tickets.lifecycle import TicketStatus
from app.tickets.schemas.tickets import Category, Priority, TicketCriteria

ViewName = Annotated[Name, Field(examples=["Mine, and late"])]


class ViewCriteria(RequestModel):
    """What the tickets of a view have in common; nothing, and it shows all of them."""

    status: Annotated[list[TicketStatus], Field(max_length=5)] = Field(default_factory=list)
    priority: Priority | None = None
    category: Category | None = None
    assignee_id: UUID | None = None
    mine: bool = False
    """Those that whoever looks looks after."""
    unassigned: bool | None = None
    overdue: bool | None = None
    q: Annotated[str, Field(min_length=1, max_length=120)] | None = None

    def as_criteria(self) -> TicketCriteria:
        """As lists are narrowed by them."""
        return TicketCriteria.model_validate(self.model_dump())


class TicketViewCreate(RequestModel):
    name: ViewName
    criteria: ViewCriteria
    is_shared: bool = False
    """Whether everybody at the desk has it: for those who may manage tickets to say."""


class TicketViewUpdate(PatchModel):
    name: Settable[ViewName] = None
    criteria: Settable[ViewCriteria] = None
    """Replaces all of them."""
    is_shared: Settable[bool] = None


class TicketViewRead(ResponseModel):
    id: UUID
    name: ViewName
    criteria: ViewCriteria
    is_shared: bool
    owner_id: UUID
    """Who made it."""
    created_at: datetime
    updated_at: datetime


class TicketViewFilters(Changing, PageRequest):
    """Which views are wanted, and which page of them."""

    sort: Annotated[Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = "name"
    ids: Ids = ()
    is_shared: bool | None = None
