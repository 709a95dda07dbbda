"""Session cookies on the wire."""

from datetime import datetime

from fastapi import Request, Response

from app.auth.cookies import SANDBOX_CHOSEN, SANDBOX_MODE, CookieNames
from app.auth.dependencies import refuse_cross_site
from app.auth.masquerade_schemas import MasqueradeSessionRead
from app.auth.schemas import RefreshRequest, SessionRead, UserRead
from app.auth.session_limits import BUSINESS
from app.auth.sessions import SignedIn
from app.errors import SessionInvalid
from app.tenancy.mode import Mode


def answer(signed_in: SignedIn, response: Response, names: CookieNames) -> SessionRead:
    """The tokens in the body, for programs, and as HttpOnly cookies, for browsers: neither outlives the session."""
    _set(response, names, names.access, signed_in.access_token, _seconds(signed_in, signed_in.access_expires_at))
    _set(response, names, names.refresh, signed_in.refresh_token, _seconds(signed_in, signed_in.expires_at))
    return SessionRead(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        token_type="Bearer",  # noqa: S106 — the name of the scheme # nosec B106
        expires_in=_seconds(signed_in, signed_in.access_expires_at),
        expires_at=signed_in.expires_at,
        csrf_token=signed_in.csrf_token,
        user=UserRead.of(signed_in.user),
    )


def answer_masquerade(begun: SignedIn, response: Response, names: CookieNames) -> MasqueradeSessionRead:
    """The token in the body, and as the access cookie. The browser's own refresh cookie stays where it is."""
    lifetime = _seconds(begun, begun.expires_at)
    _set(response, names, names.access, begun.access_token, lifetime)
    return MasqueradeSessionRead(
        access_token=begun.access_token,
        token_type="Bearer",  # noqa: S106 — the name of the scheme # nosec B106
        expires_in=lifetime,
        expires_at=begun.expires_at,
        csrf_token=begun.csrf_token,
        user=UserRead.of(begun.user),
    )


def choose_mode(mode: Mode, response: Response, names: CookieNames) -> None:
    """Have the browser stay in this mode: no session that has begun lasts longer than the cookie."""
    if mode is Mode.SANDBOX:
        _set(response, names, SANDBOX_MODE, SANDBOX_CHOSEN, int(BUSINESS.absolute.total_seconds()))
    else:
        _forget(response, names, SANDBOX_MODE)


def clear(response: Response, names: CookieNames) -> None:
    """Have the browser forget all cookies, and what the pages of this host have kept."""
    for name in (names.access, names.refresh, SANDBOX_MODE):
        _forget(response, names, name)
    response.headers["Clear-Site-Data"] = '"storage"'  # its "cookies" would log out of every other host of the domain


def presented_refresh_token(body: RefreshRequest, request: Request, names: CookieNames) -> str:
    """The refresh token of the body, else of the cookie. Raises SessionInvalid and CrossSiteRequest."""
    if body.refresh_token is not None:
        return body.refresh_token
    cookie = request.cookies.get(names.refresh)
    if cookie is None:
        raise SessionInvalid("Send `refresh_token` in the body, or the cookie that the log-in set.")
    refuse_cross_site(request)
    return cookie


def _set(response: Response, names: CookieNames, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=names.secure, httponly=True, samesite="lax")


def _forget(response: Response, names: CookieNames, name: str) -> None:
    response.delete_cookie(name, secure=names.secure, httponly=True, samesite="lax")


def _seconds(signed_in: SignedIn, until: datetime) -> int:
    return int((until - signed_in.issued_at).total_seconds())
