"""Resources as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import Name, RequestModel, ResponseModel, SearchText, TimeZoneName

ResourceKind = Literal["staff", "room", "equipment"]


class ResourceCreate(RequestModel):
    # What the documentation page fills in: without a `user_id`, which nobody can invent.
    model_config = ConfigDict(json_schema_extra={"examples": [{"kind": "staff", "name": "Ada"}]})

    kind: ResourceKind
    name: Annotated[Name, Field(examples=["Ada"])]
    timezone: TimeZoneName | None = None
    """The zone its schedule is written in; the business's own, if left out."""
    user_id: UUID | None = None
    """The log-in of this member of staff."""


class ResourceUpdate(PatchModel):
    name: Settable[Name] = None
    timezone: Settable[TimeZoneName] = None
    """The schedule keeps its wall-clock times, and is read in the new zone from now on."""
    user_id: Clearable[UUID] = None
    """Null to unlink the log-in."""


class ResourceRead(ResponseModel):
    id: UUID
    kind: ResourceKind
    name: Annotated[str, Field(examples=["Ada"])]
    timezone: Annotated[str, Field(examples=["Europe/Berlin"])]
    user_id: UUID | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ResourceFilters(Changing, PageRequest):
    """Which resources are wanted, and which page of them."""

    sort: Annotated[Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER] = (
        "-created_at"
    )
    ids: Ids = ()
    archived: bool | None = None
    """True for the archived ones. Left out: those in use; with `ids`, both."""
    kind: ResourceKind | None = None
    user_id: UUID | None = None
    """Only the member of staff with this log-in."""
    q: SearchText | None = None
    """Part of the name."""
