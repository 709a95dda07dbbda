"""What a client shows before anybody has logged in."""

from fastapi import Response

from app.auth.dependencies import CurrentSettings
from app.businesses.profile import profile_of
from app.businesses.schemas import HostProfileRead
from app.routers.problems import ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost

router = ApiRouter(prefix="/host", tags=["About"], responses=problems(*ON_ANY_HOST))


@router.get("", summary="Whose host is this")
async def get_host(host: CurrentHost, settings: CurrentSettings, response: Response) -> HostProfileRead:
    """Name, colour, logo, languages and customs of the business (or the platform). Nobody has to be logged in."""
    response.headers["Cache-Control"] = "public, max-age=60"
    return profile_of(host, settings)
