"""Platform tickets as the platform's own people read and sort them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.filters import Changing, Dated
from app.core.pagination import ORDER, Ids, PageRequest, Separated
from app.core.patch import Clearable, PatchModel, Settable
from app.core.schemas import RequestModel, ResponseModel, SearchText
from app.subscriptions.schemas import TierRead
from app.support.vocabulary import Body, Impact, Number, Subject
from app.tickets.lifecycle import TicketStatus

Priority = Literal["low", "normal", "high", "urgent"]


class Category(StrEnum):
    """What it is about, as the platform's people sort it: a topic of businesses', or what it has turned out to be."""

    ACCOUNT = "account"
    BOOKINGS = "bookings"
    DOMAINS = "domains"
    INTEGRATIONS = "integrations"
    BILLING = "billing"
    OTHER = "other"
    FAULT = "fault"
    WISH = "wish"


class SupportTicketTenant(ResponseModel):
    id: UUID
    slug: str
    name: str


class SupportTicketRead(ResponseModel):
    id: UUID
    number: Number
    tenant: SupportTicketTenant
    """The business that asks."""
    subject: Subject
    status: TicketStatus
    priority: Priority
    category: Category
    impact: Impact
    """How much it hinders the business, as the business says."""
    phone: Annotated[str | None, Field(examples=["+49 30 1234567"])]
    opener_id: UUID | None
    """Who asked; null once they are gone."""
    assignee_id: UUID | None
    """Who of the platform looks after it."""
    first_replied_at: datetime | None
    """When the platform first answered."""
    last_message_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    revision: Annotated[int, Field(examples=[1])]
    """Counts the changes; the `ETag` holds it."""
    created_at: datetime
    updated_at: datetime


class SupportTicketUpdate(PatchModel):
    priority: Settable[Priority] = None
    category: Settable[Category] = None
    assignee_id: Clearable[UUID] = None
    """Somebody of the platform who answers tickets; null for nobody."""


class SupportTicketStatusChange(RequestModel):
    status: TicketStatus


class SupportTicketMessageCreate(RequestModel):
    body: Body
    kind: Literal["reply", "note"] = "reply"
    """A note is for the platform's people alone: no business ever reads it."""


class SupportTicketMessageRead(ResponseModel):
    id: UUID
    kind: Literal["reply", "note"]
    author: Literal["business", "platform"]
    author_id: UUID | None
    author_name: Annotated[str, Field(examples=["Grace Hopper"])]
    body: Body
    created_at: datetime


class SupportTicketCounts(ResponseModel):
    """How many tickets of each status the caller may see, and how many that are not over nobody looks after."""

    open: int
    in_progress: int
    waiting: int
    resolved: int
    closed: int
    unassigned: int


class SupportTicketFilters(Changing, PageRequest):
    """Which tickets are wanted, and which page of them."""

    sort: Annotated[
        Literal["created_at", "-created_at", "updated_at", "-updated_at", "last_message_at", "-last_message_at"], ORDER
    ] = "-updated_at"
    ids: Ids = ()
    status: Annotated[tuple[TicketStatus, ...], Separated] = ()
    """Only those in one of these statuses: repeated, or separated by commas."""
    priority: Priority | None = None
    category: Category | None = None
    tenant_id: UUID | None = None
    """Only those of this business."""
    assignee_id: UUID | None = None
    unassigned: bool | None = None
    """Only those that nobody looks after, or only those that somebody does."""
    number: Number | None = None
    q: SearchText | None = None
    """Part of the subject, or of the business's name or slug."""


class SupportTicketMessageFilters(Dated, PageRequest):
    """Which messages are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "created_at"
    ids: Ids = ()


class LimitUse(ResponseModel):
    limit: Literal["staff", "bookings_per_month", "domains", "storage_megabytes"]
    allowed: int | None
    """Null is no limit."""
    used: int
    """Bookings are counted no further than ten thousand."""


class RecentTrouble(ResponseModel):
    kind: Literal["webhook_endpoint", "domain", "mail", "refusal"]
    at: datetime
    about: Annotated[str, Field(examples=["hooks.example.com"])]
    """An endpoint's host, a domain, the kind of a mail, the event of the audit trail."""
    detail: Annotated[str, Field(examples=["The endpoint has failed for 5 days."])]


class SupportContextTenant(ResponseModel):
    id: UUID
    slug: str
    name: str
    status: Literal["active", "suspended"]
    is_temporary: bool
    demo_expires_at: datetime | None
    timezone: str
    created_at: datetime


class SupportContextRead(ResponseModel):
    """What to know of a business before it is answered."""

    tenant: SupportContextTenant
    tier: TierRead
    limits: list[LimitUse]
    troubles: list[RecentTrouble]
    """What has gone wrong there of late, in live mode, the latest first."""
    back_office_url: Annotated[str, Field(examples=["https://platform.example.com/admin/tenants/…"])]
    """The business's page."""
