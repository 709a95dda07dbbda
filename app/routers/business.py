"""What a business decides about itself."""

from app.auth.dependencies import CanReadBusiness, CanWriteBusiness, Now, PublicSession
from app.businesses import settings
from app.businesses.schemas import BusinessRead, BusinessUpdate
from app.errors import SandboxNotAllowed
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter(prefix="/business", tags=["Business"], responses=problems(*PERMITTED))


@router.get("", summary="Get the business's settings")
async def get_business(_actor: CanReadBusiness, tenant: CurrentTenant, session: PublicSession) -> BusinessRead:
    """The settings as they are now."""
    return BusinessRead.model_validate(await settings.require(session, tenant))


@router.patch("", summary="Change the business's settings", responses=problems(SandboxNotAllowed))
async def update_business(
    body: BusinessUpdate, _actor: CanWriteBusiness, tenant: CurrentTenant, session: PublicSession, now: Now
) -> BusinessRead:
    """Change what the body names, at once. Fields left out stay as they are."""
    return BusinessRead.model_validate(await settings.update(session, tenant, body, now=now))
