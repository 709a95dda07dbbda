"""How businesses' webhooks fare, one business at a time: nobody's page goes through all their schemas."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import transaction
from app.admin.lists import chosen, list_request
from app.admin.pages import OfficePage, page
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.businesses import directory, overview
from app.tenancy.dependencies import now
from app.tenancy.mode import Mode
from app.tenancy.tenant import schema_of
from app.webhooks import health


class WebhookPages(OfficePage):
    menu_label = "Webhooks"
    icon = "fa-solid fa-paper-plane"
    path = "/webhooks"
    about = "Endpoints of each business: what arrives, what waits, what was disabled."
    permission = Permission.OPERATIONS_READ

    def of_tenant(self, tenant_id: UUID) -> str:
        """The business's endpoints."""
        return f"/{tenant_id}"

    @page("", Permission.OPERATIONS_READ, name="webhooks")
    async def index(self, request: Request, actor: Principal) -> Response:
        """Choose a business."""
        wanted = list_request(request)
        async with transaction(request) as session:
            listing = await overview.find(session, actor, wanted)
        return self.show(request, "webhooks.html", wanted=wanted, listing=listing)

    @page("/{tenant_id:uuid}", Permission.OPERATIONS_READ, name="webhooks-of-tenant")
    async def detail(self, request: Request, actor: Principal) -> Response:
        """A business's endpoints in one mode."""
        mode = Mode(chosen(request, "mode", [*Mode]) or Mode.LIVE)
        async with transaction(request) as session:
            tenant = await directory.require(session, actor, request.path_params["tenant_id"])
        async with request.app.state.database.transaction(schema_of(tenant.schema_name, mode)) as session:
            found = await health.examine(session, now=await now(request))
        return self.show(request, "webhook_health.html", tenant=tenant, mode=mode, modes=[*Mode], health=found)
