"""Session cookies on the wire."""

from fastapi import Request, Response

from app.auth.cookies import CookieNames
from app.auth.dependencies import refuse_cross_site
from app.auth.jwt import ACCESS_TTL
from app.auth.schemas import RefreshRequest, SessionRead, UserRead
from app.auth.sessions import SESSION_TTL, SignedIn
from app.errors import SessionInvalid


def answer(signed_in: SignedIn, response: Response, names: CookieNames) -> SessionRead:
    """The tokens in the body, for programs, and as HttpOnly cookies, for browsers."""
    lifetimes = (
        (names.access, signed_in.access_token, ACCESS_TTL),
        (names.refresh, signed_in.refresh_token, SESSION_TTL),
    )
    for name, value, ttl in lifetimes:
        response.set_cookie(
            name, value, max_age=int(ttl.total_seconds()), secure=names.secure, httponly=True, samesite="lax"
        )
    return SessionRead(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        token_type="Bearer",  # noqa: S106 — the name of the scheme
        expires_in=int(ACCESS_TTL.total_seconds()),
        user=UserRead.model_validate(signed_in.user),
    )


def clear(response: Response, names: CookieNames) -> None:
    """Have the browser forget both cookies."""
    for name in (names.access, names.refresh):
        response.delete_cookie(name, secure=names.secure, httponly=True, samesite="lax")


def presented_refresh_token(body: RefreshRequest, request: Request, names: CookieNames) -> str:
    """The refresh token of the body, else of the cookie. Raises SessionInvalid and CrossSiteRequest."""
    if body.refresh_token is not None:
        return body.refresh_token
    cookie = request.cookies.get(names.refresh)
    if cookie is None:
        raise SessionInvalid("Send `refresh_token` in the body, or the cookie that the log-in set.")
    refuse_cross_site(request)
    return cookie
