"""What clients of the socket say, and how a ticket to it travels."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, field_validator

from app.core.schemas import ResponseModel
from app.live.topics import MOST_TOPICS

_Topics = Annotated[list[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=MOST_TOPICS)]


class Wish(BaseModel):
    """What a socket is opened with."""

    topics: _Topics = []
    after: int | None = Field(default=None, ge=0, le=2**63 - 1)
    notifications_after: UUID | None = None

    @field_validator("topics", mode="before")
    @classmethod
    def _separated(cls, given: list[str]) -> list[str]:
        """Repeated, or separated by commas."""
        return [topic for each in given for topic in each.split(",") if topic]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Comes back with the answer."""


class Subscribe(_Said):
    type: Literal["subscribe"]
    topics: _Topics


class Unsubscribe(_Said):
    type: Literal["unsubscribe"]
    topics: _Topics


class Typing(_Said):
    type: Literal["typing"]
    ticket_id: UUID
    typing: bool = True
    kind: Literal["reply", "note"] = "reply"


class Pong(_Said):
    type: Literal["pong"]


Said = Annotated[Subscribe | Unsubscribe | Typing | Pong, Field(discriminator="type")]
SAID: TypeAdapter[Said] = TypeAdapter(Said)


class LiveTicketRead(ResponseModel):
    ticket: Annotated[str, Field(examples=["kY3mQ6n0eZb1Vf5T7uXw9LrA2sDgHjKpQzWcEvBnM4o"])]
    """Opens one socket, once: `wss://…/api/v1/ws?ticket=…`."""
    expires_at: datetime
