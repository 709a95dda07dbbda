"""The addresses that the local twin of a bucket gives out: whoever has one needs nothing else.

They are no part of the API, as those of a bucket are none.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response
from starlette.requests import ClientDisconnect

from app.auth.dependencies import Now
from app.errors import LinkInvalid, NotFound, UploadIncomplete
from app.integrations.bucket import disposition
from app.integrations.folder import DOWNLOADS, UPLOADS, Folder
from app.media.dependencies import CurrentStorage
from app.tenancy.dependencies import CurrentTenant
from app.tenancy.tenant import Tenant

router = APIRouter(include_in_schema=False)

_ANY_PAGE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Neither cookies nor tokens are asked for here: a page of any origin can do no more than who has the address."""
_PREFLIGHT = _ANY_PAGE | {
    "Access-Control-Allow-Methods": "PUT",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "7200",
}


async def folder(storage: CurrentStorage) -> Folder:
    """The local twin. Raises NotFound where files lie in a bucket."""
    if not isinstance(storage, Folder):
        raise NotFound
    return storage


CurrentFolder = Annotated[Folder, Depends(folder)]


@router.options(UPLOADS + "/{token}")
async def ask_to_upload(_folder: CurrentFolder) -> Response:
    """What browsers ask before a page of another origin uploads."""
    return Response(status_code=204, headers=_PREFLIGHT)


@router.put(UPLOADS + "/{token}")
async def upload(token: str, folder: CurrentFolder, tenant: CurrentTenant, now: Now, request: Request) -> Response:
    """Keep the body, block by block."""
    awaited = folder.awaited(token, now=now)
    _require_own(awaited.key, tenant)
    try:
        await folder.receive(awaited, request.stream())
    except ClientDisconnect as error:
        raise UploadIncomplete from error
    return Response(status_code=200, headers=_ANY_PAGE)


@router.get(DOWNLOADS + "/{token}")
async def download(token: str, folder: CurrentFolder, tenant: CurrentTenant, now: Now) -> Response:
    """The file. What is no picture made by us is never shown where it is."""
    wanted = folder.wanted(token, now=now)
    _require_own(wanted.key, tenant)
    headers = _ANY_PAGE | {"Cache-Control": "private, no-store", "Content-Disposition": disposition(wanted.served)}
    return FileResponse(wanted.path, media_type=wanted.served.content_type, headers=headers)


def _require_own(key: str, tenant: Tenant) -> None:
    """Raise LinkInvalid at the host of another business."""
    if not key.startswith(f"{tenant.id}/"):
        raise LinkInvalid("This is no address that was given out here.")
