"""The first page: what is here for its reader, and the end of a masquerade."""

from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import transaction
from app.admin.pages import OfficePage, action, done, page
from app.auth import masquerade
from app.auth.cookies import CookieNames
from app.auth.principals import Principal
from app.tenancy.dependencies import now


class OverviewPage(OfficePage):
    menu_label = "Overview"
    icon = "fa-solid fa-house"
    path = "/"
    permission = None
    add_to_menu = True

    @page("", None, name="index")
    async def index(self, request: Request, _actor: Principal) -> Response:
        """Where to go from here."""
        return self.show(request, "overview.html")

    @action("/end-masquerade", None, name="end-masquerade")
    async def end_masquerade(self, request: Request, actor: Principal) -> Response:
        """Be oneself again: the refresh cookie has been that of the own session all the time."""
        names: CookieNames = request.app.state.cookies
        async with transaction(request) as session:
            await masquerade.end(session, actor, now=await now(request))
        answer = done(request, "masquerade-ended")
        answer.delete_cookie(names.access, secure=names.secure, httponly=True, samesite="lax")
        return answer
