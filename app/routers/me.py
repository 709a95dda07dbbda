"""Who am I, and what may I do."""

from fastapi import Request

from app.auth.csrf import csrf_token
from app.auth.dependencies import CurrentPrincipal, Keys, PublicSession
from app.people import me
from app.people.me_schemas import MeRead
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import API_PREFIX, ApiRouter
from app.settings import Settings
from app.subscriptions.dependencies import CurrentTiers

router = ApiRouter(tags=["Me"], responses=problems(*ON_ANY_HOST, *AUTHENTICATED))


@router.get("/me", summary="Who am I")
async def get_me(
    principal: CurrentPrincipal, session: PublicSession, tiers: CurrentTiers, keyring: Keys, request: Request
) -> MeRead:
    """All that a client has to know when it starts: who calls, where, what they may do, and how they like it."""
    settings: Settings = request.app.state.runtime.settings
    surroundings = me.Surroundings(
        csrf_token=csrf_token(keyring, principal.session_id) if principal.session_id else None,
        websocket_url=f"{settings.websocket_scheme}://{request.headers['host']}{API_PREFIX}/ws",
        settings=settings,
    )
    return await me.describe(session, principal, tiers, surroundings)
