"""Logos and avatars: chosen by those whose they are, shown to everybody."""

from typing import Any
from uuid import UUID

from fastapi import Response

from app.auth.dependencies import CanWriteBusiness, CurrentSettings, LiveSession, Now, TenantSession
from app.errors import InPersonOnly, MediaFileNotFound, SandboxNotAllowed
from app.media import pictures
from app.media.dependencies import CanWriteMedia, CurrentStorage
from app.media.schemas import AvatarRead, LogoRead, PictureChoice
from app.routers.problems import IN_LIVE_MODE, ON_ANY_HOST, PERMITTED, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter()

_SHOWN = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_CONTENT: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": _BINARY, "image/png": _BINARY}}}


@router.put("/business/logo", tags=["Business"], summary="Choose the logo", responses=problems(*IN_LIVE_MODE))
async def set_logo(
    body: PictureChoice,
    actor: CanWriteBusiness,
    tenant: CurrentTenant,
    session: TenantSession,
    settings: CurrentSettings,
    now: Now,
) -> LogoRead:
    """Have the business be known by a picture that the caller has uploaded for this. The former one is removed."""
    chosen = await pictures.set_logo(session, actor, tenant, body.media_id, now=now)
    return LogoRead(logo_url=pictures.address_of(settings, tenant.slug, chosen))


@router.delete(
    "/business/logo",
    status_code=204,
    tags=["Business"],
    summary="Remove the logo",
    responses=problems(*IN_LIVE_MODE, InPersonOnly),
)
async def delete_logo(actor: CanWriteBusiness, tenant: CurrentTenant, session: TenantSession, now: Now) -> None:
    """Have the business be known by its name alone."""
    await pictures.set_logo(session, actor, tenant, None, now=now)


@router.put("/me/avatar", tags=["Me"], summary="Choose my avatar", responses=problems(*PERMITTED, SandboxNotAllowed))
async def set_avatar(
    body: PictureChoice,
    actor: CanWriteMedia,
    tenant: CurrentTenant,
    session: TenantSession,
    settings: CurrentSettings,
    now: Now,
) -> AvatarRead:
    """Be shown with a picture that the caller has uploaded for this. The former one is removed."""
    chosen = await pictures.set_avatar(session, actor, body.media_id, now=now)
    return AvatarRead(avatar_url=pictures.address_of(settings, tenant.slug, chosen))


@router.delete(
    "/me/avatar",
    status_code=204,
    tags=["Me"],
    summary="Remove my avatar",
    responses=problems(*PERMITTED, SandboxNotAllowed, InPersonOnly),
)
async def delete_avatar(actor: CanWriteMedia, session: TenantSession, now: Now) -> None:
    """Be shown without a picture."""
    await pictures.set_avatar(session, actor, None, now=now)


@router.get(
    "/pictures/{picture_id}",
    tags=["Files"],
    summary="Get a logo or an avatar",
    response_class=Response,
    responses=_CONTENT | problems(*ON_ANY_HOST, MediaFileNotFound),
)
async def get_picture(
    picture_id: UUID, _tenant: CurrentTenant, session: LiveSession, storage: CurrentStorage
) -> Response:
    """A picture that is in use, for anybody. Every other file is not found here."""
    found = await pictures.show(session, storage, picture_id)
    return Response(found.data, media_type=found.content_type, headers=_SHOWN)
