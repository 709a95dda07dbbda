"""What subscriptions cover, for the platform's own staff."""

from app.auth.dependencies import CanReadTiers, CanWriteTiers, Now, PublicSession
from app.businesses import tiers
from app.errors import TierNotFound
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.subscriptions.schemas import TierRead, TierUpdate
from app.subscriptions.tiers import find_all

router = ApiRouter(prefix="/platform/tiers", tags=["Platform: tiers"], responses=problems(*PERMITTED))


@router.get("", summary="List tiers")
async def list_tiers(_actor: CanReadTiers, session: PublicSession) -> list[TierRead]:
    """Every tier with its limits, the least first."""
    return [TierRead.model_validate(tier) for tier in (await find_all(session)).values()]


@router.patch("/{name}", summary="Change a tier", responses=problems(TierNotFound))
async def update_tier(name: str, body: TierUpdate, _actor: CanWriteTiers, session: PublicSession, now: Now) -> TierRead:
    """Change what a tier covers, for every business that has it. What they use already is left alone."""
    return TierRead.model_validate(await tiers.update(session, name, body, now=now))
