"""Pages, and what can be done on them: each names the permission it needs, and none can be had without one."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin import CustomView
from starlette_admin.routing import route

from app.admin.frame import Frame
from app.auth.dependencies import Permitted
from app.auth.permissions import Permission
from app.auth.principals import Principal

View = TypeVar("View", bound="OfficePage")
Handler = Callable[[View, Request, Principal], Awaitable[Response]]
Endpoint = Callable[[View, Request], Awaitable[Response]]


class OfficePage(CustomView):
    """A page in the menu, with what belongs to it below its path. `permission` is what it takes to see it there."""

    permission: ClassVar[Permission | None]
    about: ClassVar[str] = ""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame

    def of_tenant(self, _tenant_id: UUID) -> str | None:
        """What to add to the path to come to what concerns one business; None if there is no such page."""
        return None

    def is_shown(self, request: Request) -> bool:
        """Whether the menu shows it. That says nothing of who gets in: each endpoint asks for itself."""
        actor: Principal | None = getattr(request.state, "principal", None)
        return actor is not None and (self.permission is None or self.permission in actor.permissions)

    def is_active(self, request: Request) -> bool:
        """Whether this page, or one below it, is on the screen."""
        path: str = request.scope["path"].removeprefix(request.scope["root_path"])
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))

    def show(self, request: Request, template: str, **context: Any) -> Response:
        """The page that this template makes."""
        return self._frame.show(request, template, title=self.menu_label, **context)


def page(path: str, permission: Permission | None, *, name: str) -> Callable[[Handler[View]], Endpoint[View]]:
    """Show something at this path, below the view's, to whoever has the permission (to whoever is logged in)."""
    return _endpoint(path, "GET", permission, name)


def action(
    path: str, permission: Permission | Permitted | None, *, name: str
) -> Callable[[Handler[View]], Endpoint[View]]:
    """Do something when a form is sent to this path, below the path of the page that the form is on.

    Without a permission it is something that all who are logged in may do with what is their own.
    """
    return _endpoint(path, "POST", permission, name)


def _endpoint(
    path: str, method: str, permission: Permission | Permitted | None, name: str
) -> Callable[[Handler[View]], Endpoint[View]]:
    permitted = Permitted(permission) if isinstance(permission, Permission) else permission

    def decorate(handler: Handler[View]) -> Endpoint[View]:
        @wraps(handler)
        async def endpoint(view: View, request: Request) -> Response:
            actor: Principal = request.state.principal
            if permitted is not None:
                actor = await permitted(request)
            return await handler(view, request, actor)

        marked: Endpoint[View] = route(path, methods=[method], name=name)(endpoint)
        return marked

    return decorate


def done(request: Request, notice: str, **query: object) -> Response:
    """Lead back to the page that the form was on, asking it for this, and saying there what was done."""
    asked = {name: value for name, value in query.items() if value is not None}
    back = request.url.path.rpartition("/")[0]
    if back == request.scope["root_path"]:
        back += "/"
    return RedirectResponse(f"{back}?{urlencode({**asked, 'done': notice})}", status_code=303)
