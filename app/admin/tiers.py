"""What subscriptions cover."""

from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import read_form, transaction
from app.admin.pages import OfficePage, action, done, page
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.businesses import tiers
from app.errors import TierNotFound
from app.subscriptions.schemas import TierUpdate
from app.subscriptions.tiers import find_all
from app.tenancy.dependencies import now


class TierPages(OfficePage):
    menu_label = "Subscriptions"
    icon = "fa-solid fa-layer-group"
    path = "/tiers"
    about = "What each subscription covers."
    permission = Permission.TIERS_READ

    @page("", Permission.TIERS_READ, name="tiers")
    async def index(self, request: Request, actor: Principal) -> Response:
        """All of them, the least first."""
        async with transaction(request) as session:
            found = (await find_all(session)).values()
        return self.show(request, "tiers.html", tiers=found, may_write=Permission.TIERS_WRITE in actor.permissions)

    @page("/{name}", Permission.TIERS_WRITE, name="tier")
    async def detail(self, request: Request, _actor: Principal) -> Response:
        """One of them, to be changed."""
        name: str = request.path_params["name"]
        async with transaction(request) as session:
            known = await find_all(session)
        if name not in known:
            raise TierNotFound("There is no tier '{name}'.", params={"name": name[:40]})
        return self.show(request, "tier.html", tier=known[name])

    @action("/{name}/limits", Permission.TIERS_WRITE, name="change-limits")
    async def change_limits(self, request: Request, _actor: Principal) -> Response:
        """Change what it covers, for every business that has it."""
        data = await read_form(request, TierUpdate)
        async with transaction(request) as session:
            await tiers.update(session, request.path_params["name"], data, now=await now(request))
        return done(request, "limits-changed")
