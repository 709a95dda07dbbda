"""Log-in, refresh, log-out, and who am I."""

from fastapi import Request, Response

from app.auth import sessions
from app.auth.dependencies import Cookies, CurrentDevice, CurrentPrincipal, Keys, Now, PublicSession
from app.auth.schemas import LoginRequest, MeRead, RefreshRequest, SessionRead, TenantSummary, UserRead
from app.errors import CredentialsInvalid, CrossSiteRequest, RefreshTokenReused, SessionInvalid
from app.routers import session_cookies
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost

router = ApiRouter(tags=["Authentication"], responses=problems(*ON_ANY_HOST))


@router.post("/auth/login", summary="Log in", responses=problems(CredentialsInvalid))
async def log_in(
    body: LoginRequest,
    response: Response,
    host: CurrentHost,
    session: PublicSession,
    keyring: Keys,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> SessionRead:
    """Start a session on this host: tokens in the answer for programs, HttpOnly cookies for browsers."""
    signed_in = await sessions.log_in(
        session, keyring, host, email=body.email, password=body.password, device=device, now=now
    )
    return session_cookies.answer(signed_in, response, cookies)


@router.post(
    "/auth/refresh",
    summary="Refresh a session",
    responses=problems(SessionInvalid, RefreshTokenReused, CrossSiteRequest),
)
async def refresh_session(
    body: RefreshRequest,
    request: Request,
    response: Response,
    host: CurrentHost,
    session: PublicSession,
    keyring: Keys,
    cookies: Cookies,
    now: Now,
) -> SessionRead:
    """Exchange the refresh token for a new pair. Each one counts once; a second use ends the session."""
    token = session_cookies.presented_refresh_token(body, request, cookies)
    signed_in = await sessions.refresh(session, keyring, host, token, now=now)
    return session_cookies.answer(signed_in, response, cookies)


@router.post("/auth/logout", summary="Log out", status_code=204, responses=problems(*AUTHENTICATED))
async def log_out(
    response: Response, session: PublicSession, principal: CurrentPrincipal, cookies: Cookies, now: Now
) -> None:
    """End this session: its tokens stop to work at once. With an API token there is no session to end."""
    await sessions.log_out(session, principal, now=now)
    session_cookies.clear(response, cookies)


@router.get("/me", summary="Who am I", responses=problems(*AUTHENTICATED))
async def get_me(principal: CurrentPrincipal, session: PublicSession) -> MeRead:
    """The caller, the business they are at, the mode they are in, and what they may do."""
    user = await sessions.profile(session, principal)
    return MeRead(
        user=UserRead.model_validate(user),
        tenant=TenantSummary.model_validate(principal.tenant) if principal.tenant else None,
        mode=principal.mode,
        permissions=sorted(principal.permissions),
    )
