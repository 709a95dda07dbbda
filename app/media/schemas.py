"""Files as they travel."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.schemas import RequestModel, ResponseModel
from app.media.kinds import MOST_BYTES, MediaType, Purpose, Reason

MediaStatus = Literal["pending", "ready", "refused"]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=255), Field(examples=["before.jpg"])]


class MediaFileCreate(RequestModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"purpose": "attachment", "file_name": "before.jpg", "content_type": "image/jpeg", "size": 48_213}
            ]
        }
    )

    purpose: Purpose
    """What it is for. A logo and an avatar are pictures."""
    file_name: FileName
    content_type: MediaType
    """What it is. That is looked at: a file that is something else is refused."""
    size: Annotated[int, Field(ge=1, le=max(MOST_BYTES.values()), examples=[48_213])]
    """In bytes: 25 MiB at most, of a logo or an avatar 5 MiB."""


class UploadRead(ResponseModel):
    """The request that uploads the file. It needs no other headers than these, and no token."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: datetime


class LinkRead(ResponseModel):
    """An address that works for whoever has it, for some minutes."""

    url: str
    expires_at: datetime


class MediaFileRead(ResponseModel):
    id: UUID
    purpose: Purpose
    status: MediaStatus
    """`pending` until it is completed; then it is `ready` or `refused`."""
    refusal: Reason | None
    """Why it was refused."""
    file_name: str
    """As it is handed out: without folders, and with an ending that suits what the file is."""
    content_type: MediaType
    """As it was declared; once it is ready, as it is kept."""
    size: int
    """Likewise, in bytes."""
    sha256: str | None
    """Of what is kept, in hexadecimal digits."""
    width: int | None
    height: int | None
    """Of a picture, in pixels, as it is kept."""
    is_attached: bool
    upload: UploadRead | None
    """How to upload it, in the answer to its announcement alone."""
    download: LinkRead | None
    """Null until it is ready."""
    thumbnail: LinkRead | None
    """A small one of a picture, 320 pixels at most at a side."""
    created_at: datetime
    completed_at: datetime | None


class PictureChoice(RequestModel):
    media_id: UUID
    """A file of yours for this purpose that is ready."""


class LogoRead(ResponseModel):
    logo_url: str | None


class AvatarRead(ResponseModel):
    avatar_url: str | None
