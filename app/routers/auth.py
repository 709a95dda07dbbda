"""Log-in, refresh, log-out."""

from fastapi import Depends, Request, Response

from app.auth import log_in as logging_in
from app.auth import passkey_log_in, sessions
from app.auth.dependencies import (
    Cookies,
    CurrentDevice,
    CurrentPrincipal,
    CurrentRelyingParty,
    CurrentThrottle,
    Keys,
    Now,
    PublicSession,
    refuse_foreign_log_in,
)
from app.auth.schemas import LoginRequest, RefreshRequest, SessionRead
from app.auth.second_factor_schemas import PasskeyLogIn, PasskeyLogInOptions, PasskeyOptionsRead, SecondFactorRequest
from app.errors import (
    CredentialsInvalid,
    CrossSiteRequest,
    LinkInvalid,
    PasskeyInvalid,
    RefreshTokenReused,
    SecondFactorInvalid,
    SecondFactorRequired,
    SessionInvalid,
    TooManyAttempts,
)
from app.routers import session_cookies
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost

router = ApiRouter(tags=["Authentication"], responses=problems(*ON_ANY_HOST))

_own_pages_only = Depends(refuse_foreign_log_in)
_refused = (TooManyAttempts, CrossSiteRequest)


@router.post(
    "/auth/login",
    summary="Log in",
    dependencies=[_own_pages_only],
    responses=problems(*_refused, CredentialsInvalid, SecondFactorRequired),
)
async def log_in(
    body: LoginRequest,
    response: Response,
    host: CurrentHost,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> SessionRead:
    """Start a session on this host: tokens in the answer for programs, HttpOnly cookies for browsers."""
    signed_in = await logging_in.with_password(
        session, keyring, throttle, host, email=body.email, password=body.password, device=device, now=now
    )
    return session_cookies.answer(signed_in, response, cookies)


@router.post(
    "/auth/second-factor",
    summary="Log in: the second factor",
    dependencies=[_own_pages_only],
    responses=problems(*_refused, SecondFactorInvalid, LinkInvalid),
)
async def answer_challenge(
    body: SecondFactorRequest,
    response: Response,
    host: CurrentHost,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> SessionRead:
    """Go on with a log-in that was answered `second-factor-required`. Five codes can be tried on one challenge."""
    signed_in = await logging_in.with_code(
        session, keyring, throttle, host, challenge=body.challenge, code=body.code, device=device, now=now
    )
    return session_cookies.answer(signed_in, response, cookies)


@router.post(
    "/auth/passkey/options",
    summary="Log in with a passkey: the challenge",
    responses=problems(LinkInvalid),
)
async def challenge_passkey(
    body: PasskeyLogInOptions,
    host: CurrentHost,
    party: CurrentRelyingParty,
    session: PublicSession,
    keyring: Keys,
    now: Now,
) -> PasskeyOptionsRead:
    """What a browser wants to ask for a passkey: any of this host's, or one of a user who has given the password."""
    challenge, options = await passkey_log_in.begin(session, keyring, host, party, body.challenge, now=now)
    return PasskeyOptionsRead(challenge=challenge, public_key=options)


@router.post(
    "/auth/passkey",
    summary="Log in with a passkey",
    dependencies=[_own_pages_only],
    responses=problems(*_refused, PasskeyInvalid, LinkInvalid),
)
async def log_in_with_passkey(
    body: PasskeyLogIn,
    response: Response,
    host: CurrentHost,
    party: CurrentRelyingParty,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> SessionRead:
    """Start a session by a passkey's answer. Alone it counts as two factors; after the password as the second."""
    signed_in = await passkey_log_in.finish(session, keyring, throttle, host, party, body, device=device, now=now)
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
