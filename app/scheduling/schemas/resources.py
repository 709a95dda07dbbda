"""Resources as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.schemas import Name, RequestModel, ResponseModel, TimeZoneName

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


class ResourceUpdate(RequestModel):
    name: Name | None = None
    timezone: TimeZoneName | None = None
    """The schedule keeps its wall-clock times, and is read in the new zone from now on."""
    user_id: UUID | None = None
    """Null to unlink the log-in."""


class ResourceRead(ResponseModel):
    id: UUID
    kind: ResourceKind
    name: str
    timezone: str
    user_id: UUID | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
