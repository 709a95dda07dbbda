"""Tickets as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.filters import Changing, Dated
from app.core.pagination import ORDER, Ids, PageRequest, Separated
from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import RequestModel, ResponseModel, SearchText
from app.media.kinds import MediaType
from app.tickets.lifecycle import TicketStatus

Saying = Literal["opened", "replied", "noted"]
Priority = Literal["low", "normal", "high", "urgent"]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200), Field(examples=["My colour has faded"])]
Body = Annotated[str, StringConstraints(min_length=1, max_length=20_000), Field(examples=["It was fine on Monday."])]
Category = Annotated[str, StringConstraints(max_length=60), Field(examples=["Complaint"])]
Attachments = Annotated[list[UUID], Field(max_length=10, examples=[[]])]
Followers = Annotated[list[UUID], Field(max_length=50)]


class TicketCreate(RequestModel):
    subject: Subject
    body: Body
    """The first message."""
    attachment_ids: Attachments = Field(default_factory=list)
    """Files of the caller's that are ready, to go with it."""
    category: Category = ""
    appointment_id: UUID | None = None
    """The appointment that it is about."""
    customer_id: UUID | None = None
    """Whom the staff open it for. A customer opens it for themselves, and leaves this out."""
    priority: Priority | None = None
    """For the staff to say; `normal` if left out."""
    assignee_id: UUID | None = None
    """Who looks after it: for those who may manage tickets to say."""


class TicketUpdate(PatchModel):
    subject: Settable[Subject] = None
    category: Settable[Category] = None
    priority: Settable[Priority] = None
    assignee_id: Clearable[UUID] = None
    """Somebody who works here; null for nobody."""
    follower_ids: Settable[Followers] = None
    """Replaces all of them."""
    customer_id: Clearable[UUID] = None
    appointment_id: Clearable[UUID] = None


class TicketStatusChange(RequestModel):
    status: TicketStatus


class TicketRead(ResponseModel):
    id: UUID
    number: Annotated[int, Field(examples=[1042])]
    """Counts the business's tickets: short enough to say on the telephone."""
    subject: Subject
    status: TicketStatus
    priority: Priority
    category: Category
    customer_id: Annotated[UUID | None, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e71"])]
    appointment_id: Annotated[UUID | None, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"])]
    opened_by: Literal["customer", "staff"]
    assignee_id: Annotated[UUID | None, Field(examples=["01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e70"])]
    follower_ids: list[UUID]
    first_responded_at: datetime | None
    """When the staff first replied to the customer."""
    resolved_at: datetime | None
    closed_at: datetime | None
    first_response_due_at: datetime | None
    """By when the staff have promised to reply to the customer. Null if they have not; customers do not see it."""
    resolution_due_at: datetime | None
    """By when it is to be resolved. Null while the customer is waited for, and for customers."""
    merged_into_id: UUID | None
    """The ticket that this one goes on as."""
    rating: Annotated[int | None, Field(examples=[5])]
    """How content the customer is, from 1 to 5."""
    rating_comment: str | None
    rated_at: datetime | None
    revision: Annotated[int, Field(examples=[1])]
    """Counts the changes; the `ETag` holds it."""
    created_at: datetime
    updated_at: datetime


class TicketMessageCreate(RequestModel):
    body: Body
    kind: Literal["reply", "note"] = "reply"
    """A note is for the staff alone: no customer ever reads it."""
    attachment_ids: Attachments = Field(default_factory=list)
    """Files of the caller's that are ready, to go with it."""


class TicketAttachment(ResponseModel):
    """A file that goes with a message. Its message's `attachments` lead to it."""

    id: UUID
    file_name: Annotated[str, Field(examples=["before.jpg"])]
    content_type: MediaType
    size: Annotated[int, Field(examples=[48_213])]


class TicketMailRead(ResponseModel):
    """The mail that a message came by, for the staff."""

    sender: Annotated[str, Field(examples=["grace@hopper.example"])]
    spf: Annotated[str, Field(examples=["pass"])]
    """What RFC 8601 calls it: pass, fail, softfail, neutral, none, policy, temperror, permerror."""
    dkim: Annotated[str, Field(examples=["pass"])]
    whole: Annotated[str | None, Field(examples=["Four is fine.\n\nAda wrote:\n> Come by at four."])]
    """What the mail said before quotations and signature were cut off; null if nothing was."""


class TicketMessageRead(ResponseModel):
    id: UUID
    kind: Literal["reply", "note"]
    author: Literal["customer", "staff"]
    author_id: UUID | None
    """The user who wrote it; null for who has no log-in and wrote by mail."""
    author_name: Annotated[str, Field(examples=["Grace Hopper"])]
    body: Body
    via: Literal["api", "email"]
    is_verified: bool
    """Whether it is certain who wrote it. Of a mail that is so if its sender's domain vouches for it (SPF, DKIM)."""
    attachments: list[TicketAttachment]
    mail: TicketMailRead | None
    """Null unless it came by mail; customers do not see it, and events do not tell of it."""
    created_at: datetime


class TicketMerge(RequestModel):
    into_id: UUID
    """The ticket that it goes on as, of the same customer."""


class TicketRating(RequestModel):
    rating: Annotated[int, Field(ge=1, le=5, examples=[5])]
    """From 1, not content at all, to 5."""
    comment: Annotated[str, StringConstraints(max_length=2000), Field(examples=["Quick and kind."])] = ""


class TicketReply(TicketRead):
    """A ticket, with the reply that was made."""

    message: TicketMessageRead


class TicketCounts(ResponseModel):
    """How many tickets the caller may see of each status."""

    open: int
    in_progress: int
    waiting: int
    resolved: int
    closed: int


class TicketCriteria(BaseModel):
    """What a choice of tickets is made by."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    status: Annotated[tuple[TicketStatus, ...], Separated] = ()
    """Only those in one of these statuses."""
    priority: Priority | None = None
    category: Annotated[str, Field(max_length=60)] | None = None
    assignee_id: UUID | None = None
    mine: bool = False
    """Only those that the caller looks after."""
    unassigned: bool | None = None
    """Only those that nobody looks after, or only those that somebody does."""
    overdue: bool | None = None
    """Only those that were to be answered or resolved by now, or only the others."""
    q: SearchText | None = None
    """Words of what was said, part of the subject, or the number."""


class TicketFilters(TicketCriteria, Changing, PageRequest):
    """Which tickets are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at", "updated_at", "-updated_at", "number", "-number"], ORDER] = (
        "-updated_at"
    )
    ids: Ids = ()
    customer_id: UUID | None = None
    appointment_id: UUID | None = None
    merged_into_id: UUID | None = None
    """Only those that go on as this one."""
    view_id: UUID | None = None
    """Only those that this view shows, too."""


class TicketMessageFilters(Dated, PageRequest):
    """Which messages are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "created_at"
    ids: Ids = ()
