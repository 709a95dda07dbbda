"""Notifications as they travel."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.core.filters import Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import ResponseModel
from app.models.public import NotificationRow
from app.notifications.kinds import NotificationKind, notice_of


class NotificationRead(ResponseModel):
    id: UUID
    kind: NotificationKind
    title: str
    """In English, as `text` is; clients that speak other languages use `kind` and `data`."""
    text: str
    data: dict[str, Any]
    """What the text says, for programs."""
    link: Annotated[str | None, Field(examples=["/api/v1/tickets/01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"])]
    """Where what it is about is read, on the same host."""
    count: Annotated[int, Field(examples=[1])]
    """How often it has happened: a burst about the same thing is one notification."""
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, row: NotificationRow) -> Self:
        """The row in words."""
        kind = NotificationKind(row.kind)
        notice = notice_of(kind, row.data)
        return cls(
            id=row.id,
            kind=kind,
            title=notice.title,
            text=notice.text() + (f" ({row.count} times)" if row.count > 1 else ""),
            data=row.data,
            link=notice.link(),
            count=row.count,
            created_at=row.created_at,
            read_at=row.read_at,
        )


class NotificationFilters(Dated, PageRequest):
    """Which notifications are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at"], ORDER] = "-created_at"
    ids: Ids = ()
    unread: bool | None = None
    """Only those that are unread, or only those that are not."""
    kind: NotificationKind | None = None
