"""starlette-admin's frame, and no more of it than is used: layout, menu, static files."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from starlette_admin.base import BaseAdmin

from app.admin import presentation
from app.admin.lists import with_query
from app.admin.middleware import PlatformOnlyMiddleware
from app.admin.overview import OverviewPage
from app.admin.provider import OfficeAuthProvider
from app.auth.csrf import csrf_token
from app.auth.principals import Principal
from app.core.crypto import Keyring
from app.errors import BadRequest, InternalError, MethodNotAllowed, NotFound, Problem
from app.routers.problems import log_refusal
from app.settings import Settings

_HERE = Path(__file__).parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"

_PROBLEMS: dict[int, type[Problem]] = {400: BadRequest, 404: NotFound, 405: MethodNotAllowed}


class BackOffice(BaseAdmin):
    """The frame that the pages hang in.

    Left out are its lists and forms for any table, with the endpoints they need, because nothing here may be changed
    but by a feature; its double-submitted CSRF cookie, because our token is bound to the session; and its messages in
    a cookie, because a page can be told by its address what was done.
    """

    def __init__(self, path: str, settings: Settings, keyring: Keyring) -> None:
        super().__init__(
            title="Smooth Schedule",
            base_url=path,
            templates_dir=str(TEMPLATES),
            static_dir=str(STATIC),
            index_view=OverviewPage(self),
            auth_provider=OfficeAuthProvider(self),
            secret_key=keyring.mac("back-office", b"").hex(),
            middlewares=[Middleware(PlatformOnlyMiddleware, scheme=settings.public_scheme)],
            timezone_config=None,
        )
        environment = self.templates.env
        environment.filters.update(presentation.filters(settings.root_domain))
        environment.globals["with_query"] = with_query

    def _collect_core_routes(self) -> list[Route]:
        return []

    def _init_csrf(self) -> None:
        """Add nothing: SignedInMiddleware asks for the session's token."""

    def _init_flash(self) -> None:
        """Add nothing: see NOTICES."""

    def show(self, request: Request, template: str, **context: Any) -> Response:
        """The page that this template makes, for whoever asks. One that shows a `problem` has its status."""
        problem: Problem | None = context.get("problem")
        actor: Principal | None = getattr(request.state, "principal", None)
        session_id = actor.session_id if actor else None
        known = {
            "actor": actor,
            "csrf": csrf_token(request.app.state.keyring, session_id) if session_id else "",
            "notice": presentation.NOTICES.get(request.query_params.get("done", "")),
        }
        answer = self.templates.TemplateResponse(request, template, known | context, problem.status if problem else 200)
        if problem:
            answer.headers.update(problem.headers)
            log_refusal(problem, request.scope)
        return answer

    def show_problem(self, request: Request, problem: Problem) -> Response:
        """A page that says what went wrong, and leads back."""
        page_of_form = request.url.path.rpartition("/")[0]
        back = page_of_form if request.method == "POST" else f"{request.scope['root_path']}/"
        return self.show(request, "problem.html", problem=problem, back=back)

    def mount_to(self, app: Starlette) -> None:
        """Hang the back office into the application, whose state it shares."""
        super().mount_to(app)
        app.state.ROUTE_NAME = self.route_name
        self.app.state = app.state
        self.app.add_exception_handler(Problem, self._on_problem)
        self.app.add_exception_handler(HTTPException, self._on_http_exception)
        self.app.add_exception_handler(Exception, self._on_error)

    async def _on_problem(self, request: Request, error: Exception) -> Response:
        return self.show_problem(request, error if isinstance(error, Problem) else InternalError())

    async def _on_http_exception(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self.show_problem(request, _PROBLEMS.get(status, InternalError)())

    async def _on_error(self, _request: Request, _error: Exception) -> Response:
        return _NoAnswer()


class _NoAnswer(Response):
    """Sends nothing: what nobody expected goes on to the application, which logs and answers it as everywhere."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do nothing."""
