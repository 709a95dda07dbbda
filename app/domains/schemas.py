"""Domains as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest, Separated
from app.core.schemas import RequestModel, ResponseModel, SearchText
from app.domains.lifecycle import DomainStatus

Hostname = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=253), Field(examples=["book.example.com"])
]


class DomainCreate(RequestModel):
    hostname: Hostname
    """A host name that you own. Other alphabets are welcome."""


class DnsRecord(ResponseModel):
    """A record to be set where the domain's names are looked after."""

    type: Literal["TXT", "CNAME"]
    name: Annotated[str, Field(examples=["_smoothschedule.book.example.com"])]
    value: Annotated[str, Field(examples=["smoothschedule-verification=4f9d0c…"])]


class DomainData(ResponseModel):
    """A domain by itself, as events tell of it."""

    id: UUID
    hostname: Hostname
    display_name: Annotated[str, Field(examples=["book.example.com"])]
    """As people read it, in their own alphabet."""
    status: DomainStatus
    is_primary: bool
    """Whether the business wants to be known by it."""
    problem: Annotated[str | None, Field(examples=["txt-missing"])]
    """What the latest check found missing: `txt-missing`, `txt-wrong`, `not-pointing`, `taken`."""
    failures: int
    """How many checks in a row have found something missing. The third suspends an active one."""
    checked_at: datetime | None
    next_check_at: datetime | None
    verified_at: datetime | None
    activated_at: datetime | None
    released_at: datetime | None
    created_at: datetime
    updated_at: datetime


class DomainRead(DomainData):
    records: list[DnsRecord]
    """What has to be set, and stay set, for it to work. A name without subdomain (`example.com`) takes no CNAME: set an
    ALIAS or ANAME there, or the same A and AAAA records."""


class DomainFilters(Changing, PageRequest):
    """Which domains are wanted, and which page of them."""

    sort: Annotated[
        Literal["hostname", "-hostname", "created_at", "-created_at", "updated_at", "-updated_at"], ORDER
    ] = "created_at"
    ids: Ids = ()
    status: Annotated[tuple[DomainStatus, ...], Separated] = ()
    """Only those in one of these statuses: repeated, or separated by commas. Left out: those not released."""
    q: SearchText | None = None
    """Part of the name."""
