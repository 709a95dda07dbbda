"""What a client shows before anybody has logged in."""

from fastapi.responses import Response

from app.businesses.profile import profile_of
from app.businesses.schemas import HostProfileRead
from app.routers.conditions import NOT_MODIFIED, KnownVersions, cacheable
from app.routers.problems import ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost

router = ApiRouter(prefix="/host", tags=["About"], responses=problems(*ON_ANY_HOST))


@router.get("", summary="Whose host is this", response_model=HostProfileRead, responses=NOT_MODIFIED)
async def get_host(host: CurrentHost, known: KnownVersions) -> Response:
    """Name, colour, languages and customs of the business (or the platform). Nobody has to be logged in."""
    return cacheable(profile_of(host), known, cache_control="public, max-age=60")
