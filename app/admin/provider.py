"""Who comes in: by the same log-ins, sessions and cookies as the API's."""

import re
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starlette_admin.auth import AdminUser, BaseAuthProvider

from app.admin.forms import checked, fields_of, transaction
from app.admin.frame import Frame
from app.admin.middleware import SAFE_METHODS, SignedInMiddleware
from app.auth import log_in, sessions
from app.auth.dependencies import current_principal, device, refuse_cross_site
from app.auth.principals import Principal
from app.auth.schemas import LoginRequest
from app.auth.second_factor_schemas import SecondFactorRequest
from app.auth.sessions import SignedIn
from app.errors import (
    Problem,
    SecondFactorInvalid,
    SecondFactorRequired,
    SessionInvalid,
    TooManyAttempts,
    Unauthenticated,
    ValidationFailed,
)
from app.routers import session_cookies
from app.tenancy.dependencies import current_host, now

_LOCAL = re.compile(r"[A-Za-z0-9/_.,:;=&%?+*~-]*")


class OfficeAuthProvider(BaseAuthProvider):
    """The door of the back office: a password, then a second factor, and from there on the session's cookies.

    A passkey is answered at the API (static/passkey.js), whose log-in sets the same cookies.
    """

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame

    def get_middleware(self) -> Middleware:
        """What asks at each request."""
        return Middleware(SignedInMiddleware, door=self, show_problem=self._frame.show_problem)

    def get_routes(self, templates: Jinja2Templates) -> list[Route]:  # noqa: ARG002 — the library's signature
        """The log-in's two steps, and the log-out."""
        return [
            Route(self.login_path, self.show_log_in, methods=["GET"], name="login"),
            Route(self.login_path, self.log_in, methods=["POST"], name="check-password"),
            Route(f"{self.login_path}/code", self.check_code, methods=["POST"], name="check-code"),
            Route(self.logout_path, self.log_out, methods=["POST"], name="logout"),
        ]

    def is_open(self, request: Request) -> bool:
        """Whether this is the log-in."""
        path = request.url.path.removeprefix(request.scope["root_path"])
        return path == self.login_path or path.startswith(f"{self.login_path}/")

    async def authenticate(self, request: Request) -> AdminUser | None:
        """Whose session the cookies carry on; None for nobody's. Raises CrossSiteRequest and CsrfTokenInvalid."""
        if self.is_open(request) and request.method not in SAFE_METHODS:
            return None  # whoever logs in begins anew
        try:
            principal: Principal | None = await current_principal(request)
        except Unauthenticated:
            principal = await _refreshed(request)
        return AdminUser(principal.email) if principal else None

    async def show_log_in(self, request: Request) -> Response:
        """Ask for the password, or go on if somebody is logged in."""
        if not request.state.is_anonymous:
            return RedirectResponse(_local(request, request.query_params.get("next")), status_code=303)
        return self._ask_for_password(request, request.query_params.get("next"))

    async def log_in(self, request: Request) -> Response:
        """Check the password; ask for the second factor where there is one."""
        refuse_cross_site(request)
        fields = await fields_of(request)
        after = fields.pop("next", None)
        try:
            signed_in = await _log_in(request, checked(LoginRequest, fields))
        except SecondFactorRequired as wanted:
            return self._ask_for_second_factor(request, after, wanted.params["challenge"], wanted.params["methods"])
        except Problem as problem:
            return self._ask_for_password(request, after, problem=problem, email=fields.get("email"))
        return _welcome(request, signed_in, after)

    async def check_code(self, request: Request) -> Response:
        """Check the second factor, as often as the challenge allows."""
        refuse_cross_site(request)
        fields = await fields_of(request)
        after, methods = fields.pop("next", None), fields.pop("methods", None)
        try:
            signed_in = await _log_in_with_code(request, checked(SecondFactorRequest, fields))
        except (SecondFactorInvalid, TooManyAttempts, ValidationFailed) as problem:
            asked = (fields.get("challenge"), (methods or "totp").split())
            return self._ask_for_second_factor(request, after, *asked, problem=problem)
        except Problem as problem:
            return self._ask_for_password(request, after, problem=problem)
        return _welcome(request, signed_in, after)

    async def log_out(self, request: Request) -> Response:
        """End the session."""
        principal = await current_principal(request)
        async with transaction(request) as session:
            await sessions.log_out(session, principal, now=await now(request))
        answer = RedirectResponse(f"{request.scope['root_path']}{self.login_path}", status_code=303)
        session_cookies.clear(answer, request.app.state.cookies)
        return answer

    def _ask_for_password(self, request: Request, after: str | None, **context: Any) -> Response:
        landing = _local(request, after)
        return self._frame.show(request, "login.html", next=after, landing=landing, **context)

    def _ask_for_second_factor(
        self, request: Request, after: str | None, challenge: str | None, methods: list[str], **context: Any
    ) -> Response:
        asked = {"next": after, "landing": _local(request, after), "challenge": challenge, "methods": methods}
        return self._frame.show(request, "login_code.html", **asked, **context)


async def _log_in(request: Request, data: LoginRequest) -> SignedIn:
    host, where, state = await current_host(request), await device(request), request.app.state
    async with transaction(request) as session:
        return await log_in.with_password(
            session,
            state.keyring,
            state.throttle,
            host,
            email=data.email,
            password=data.password,
            device=where,
            now=await now(request),
        )


async def _log_in_with_code(request: Request, data: SecondFactorRequest) -> SignedIn:
    host, where, state = await current_host(request), await device(request), request.app.state
    async with transaction(request) as session:
        return await log_in.with_code(
            session,
            state.keyring,
            state.throttle,
            host,
            challenge=data.challenge,
            code=data.code,
            device=where,
            now=await now(request),
        )


async def _refreshed(request: Request) -> Principal | None:
    """Carry the session on whose access token is worn out, as a client of the API does; None if there is none."""
    names = request.app.state.cookies
    token = request.cookies.get(names.refresh)
    if token is None:
        return None
    refuse_cross_site(request)
    host, keyring = await current_host(request), request.app.state.keyring
    try:
        async with transaction(request) as session:
            signed_in = await sessions.refresh(session, keyring, host, token, now=await now(request))
    except SessionInvalid:
        return None
    request.state.refreshed = signed_in
    request.cookies[names.access] = signed_in.access_token
    return await current_principal(request)


def _welcome(request: Request, signed_in: SignedIn, after: str | None) -> Response:
    answer = RedirectResponse(_local(request, after), status_code=303)
    session_cookies.answer(signed_in, answer, request.app.state.cookies)
    return answer


def _local(request: Request, wanted: str | None) -> str:
    """The wanted address if it is one of the back office, else its first page: nobody is led elsewhere from here."""
    home = f"{request.scope['root_path']}/"
    return wanted if wanted and wanted.startswith(home) and _LOCAL.fullmatch(wanted) else home
