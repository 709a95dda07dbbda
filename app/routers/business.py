"""What a business decides about itself."""

from app.auth.dependencies import CanReadBusiness, CanWriteBusiness, CurrentSettings, Now, PublicSession
from app.businesses import settings
from app.businesses.schemas import BusinessRead, BusinessUpdate
from app.errors import SandboxNotAllowed
from app.media.pictures import address_of
from app.models.public import TenantRow
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.settings import Settings
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter(prefix="/business", tags=["Business"], responses=problems(*PERMITTED))


@router.get("", summary="Get the business's settings")
async def get_business(
    _actor: CanReadBusiness, tenant: CurrentTenant, session: PublicSession, config: CurrentSettings
) -> BusinessRead:
    """The settings as they are now."""
    return _read(await settings.require(session, tenant), config)


@router.patch("", summary="Change the business's settings", responses=problems(SandboxNotAllowed))
async def update_business(
    body: BusinessUpdate,
    _actor: CanWriteBusiness,
    tenant: CurrentTenant,
    session: PublicSession,
    config: CurrentSettings,
    now: Now,
) -> BusinessRead:
    """Change what the body names, at once. Fields left out stay as they are."""
    return _read(await settings.update(session, tenant, body, now=now), config)


def _read(row: TenantRow, config: Settings) -> BusinessRead:
    return BusinessRead.of(row, logo_url=address_of(config, row.slug, row.logo_id))
