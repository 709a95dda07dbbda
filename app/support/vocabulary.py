"""The words that both sides have for platform tickets."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

Subject = Annotated[str, StringConstraints(min_length=1, max_length=200), Field(examples=["Bookings vanish"])]
Body = Annotated[str, StringConstraints(min_length=1, max_length=20_000), Field(examples=["Since this morning."])]
Number = Annotated[int, Field(ge=10_000_000, le=99_999_999, examples=[47110815])]


class Topic(StrEnum):
    """What a business says that it is about."""

    ACCOUNT = "account"
    BOOKINGS = "bookings"
    DOMAINS = "domains"
    INTEGRATIONS = "integrations"
    BILLING = "billing"
    OTHER = "other"


class Impact(StrEnum):
    """How much it hinders the business, as the business says."""

    QUESTION = "question"
    HINDERED = "hindered"
    STOPPED = "stopped"
