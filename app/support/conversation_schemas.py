"""Platform tickets as businesses write and read them: a subject, and what was said."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field

from app.core.filters import Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import RequestModel, ResponseModel, SearchText
from app.mail.branding import PLATFORM_NAME
from app.models.public import PlatformTicketMessageRow
from app.people.schemas import Phone
from app.support.vocabulary import Body, Impact, Number, Subject, Topic


class PlatformTicketCreate(RequestModel):
    subject: Subject
    body: Body
    """What happens, what you expect instead, and since when: the first message."""
    topic: Topic = Topic.OTHER
    """What it is about. It leads your ticket to whoever knows most of that."""
    impact: Impact = Impact.QUESTION
    """`question` if nothing is wrong, `hindered` if you get by, `stopped` if your business cannot work."""
    phone: Phone | None = None
    """Where to call you, if you would rather talk."""


class PlatformTicketRead(ResponseModel):
    id: UUID
    number: Number
    """Say it on the telephone."""
    subject: Subject
    created_at: datetime
    last_message_at: datetime
    """When one of the two sides wrote last."""


class PlatformTicketReply(RequestModel):
    body: Body


class PlatformTicketMessageRead(ResponseModel):
    id: UUID
    author: Literal["business", "platform"]
    author_name: Annotated[str, Field(examples=["Grace Hopper"])]
    """Who wrote for your business; the platform's people write in its name."""
    body: Body
    created_at: datetime

    @classmethod
    def of(cls, row: PlatformTicketMessageRow) -> Self:
        """A reply, whoever gave it. Who writes for the platform is the platform's affair."""
        is_own = row.author == "business"
        return cls(
            id=row.id,
            author="business" if is_own else "platform",
            author_name=row.author_name if is_own else PLATFORM_NAME,
            body=row.body,
            created_at=row.created_at,
        )


class PlatformTicketFilters(Dated, PageRequest):
    """Which platform tickets are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at", "last_message_at", "-last_message_at"], ORDER] = (
        "-last_message_at"
    )
    ids: Ids = ()
    number: Number | None = None
    q: SearchText | None = None
    """Part of the subject."""


class PlatformTicketMessageFilters(Dated, PageRequest):
    """Which messages are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "created_at"
    ids: Ids = ()
