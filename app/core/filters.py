"""What many lists are narrowed by."""

from pydantic import BaseModel, ConfigDict

from app.core.schemas import Moment


class Dated(BaseModel):
    """By when things were made."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    created_since: Moment | None = None
    """Only what was made at this instant or later."""
    created_until: Moment | None = None
    """Only what was made before this instant."""


class Changing(Dated):
    """By when things were made, and when they changed last."""

    updated_since: Moment | None = None
    """Only what was made or changed at this instant or later."""
