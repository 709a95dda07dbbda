"""Files: announced, uploaded, completed."""

from uuid import UUID

from fastapi import Request, Response

from app.auth.dependencies import Now, TenantSession
from app.errors import (
    InPersonOnly,
    MediaFileInUse,
    MediaFileLimit,
    MediaFileNotFound,
    MediaFileRefused,
    TierLimit,
    UploadIncomplete,
)
from app.media import uploading
from app.media.dependencies import CanReadMedia, CanWriteMedia, CurrentShelf
from app.media.schemas import MediaFileCreate, MediaFileRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/media", tags=["Files"], responses=problems(*PERMITTED))


@router.post("", status_code=201, summary="Announce a file", responses=problems(TierLimit, MediaFileLimit))
async def create_media_file(
    body: MediaFileCreate,
    actor: CanWriteMedia,
    session: TenantSession,
    shelf: CurrentShelf,
    now: Now,
    request: Request,
    response: Response,
) -> MediaFileRead:
    """Say what is to come. `upload` in the answer is the request that uploads it; complete it after that.

    What is not completed within a day is thrown away.
    """
    made = await uploading.announce(session, shelf, actor, body, now=now)
    response.headers["Location"] = request.app.url_path_for(get_media_file.__name__, media_id=made.id)
    return made


@router.post(
    "/{media_id}/complete",
    summary="Complete a file",
    responses=problems(MediaFileNotFound, UploadIncomplete, MediaFileRefused, TierLimit),
)
async def complete_media_file(media_id: UUID, actor: CanWriteMedia, shelf: CurrentShelf, now: Now) -> MediaFileRead:
    """Have what was uploaded be looked at. It is taken if it is what was announced, and refused otherwise.

    Pictures are made anew: turned as they are meant to be seen, and without anything that a camera writes into them.
    Sent again it answers the same again.
    """
    return await uploading.complete(shelf, actor, media_id, now=now)


@router.get("/{media_id}", summary="Get a file", responses=problems(MediaFileNotFound))
async def get_media_file(
    media_id: UUID, actor: CanReadMedia, session: TenantSession, shelf: CurrentShelf, now: Now
) -> MediaFileRead:
    """A file that the caller has uploaded, with addresses to download it from, which work for ten minutes."""
    return await shelf.read(await uploading.require(session, actor, media_id), now=now)


@router.delete(
    "/{media_id}",
    status_code=204,
    summary="Delete a file",
    responses=problems(MediaFileNotFound, MediaFileInUse, InPersonOnly),
)
async def delete_media_file(media_id: UUID, actor: CanWriteMedia, session: TenantSession, now: Now) -> None:
    """Remove a file that belongs to nothing. What was sent with a message stays with it."""
    await uploading.delete(session, actor, media_id, now=now)
