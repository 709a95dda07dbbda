"""Lent permissions, of the platform's own people or of one business: looked at, taken back."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import checked, transaction
from app.admin.lists import chosen
from app.admin.pages import OfficePage, action, done, page
from app.auth import lending
from app.auth.grant_schemas import GrantFilters, GrantRead, GrantRevoke, GrantState
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.businesses import directory
from app.tenancy.dependencies import now


class GrantPages(OfficePage):
    menu_label = "Grants"
    icon = "fa-solid fa-key"
    path = "/grants"
    about = "Permissions lent for a while: active, expired, revoked; take them back."
    permission = Permission.GRANTS_READ

    def of_tenant(self, tenant_id: UUID) -> str:
        """What was lent at the business."""
        return f"?tenant_id={tenant_id}"

    @page("", Permission.GRANTS_READ, name="grants")
    async def index(self, request: Request, actor: Principal) -> Response:
        """What was lent, newest first."""
        asked = {name: request.query_params.get(name) or None for name in ("tenant_id", "cursor")}
        filters = checked(GrantFilters, asked | {"state": chosen(request, "state", [*GrantState])})
        instant = await now(request)
        async with transaction(request) as session:
            tenant = await directory.require(session, actor, filters.tenant_id) if filters.tenant_id else None
            found = await lending.find(session, actor, filters, now=instant)
        grants = [GrantRead.of(each.row, each.grantor, each.grantee, now=instant) for each in found.items]
        context = {"grants": grants, "next_cursor": found.next_cursor, "filters": filters, "states": [*GrantState]}
        may_write = Permission.GRANTS_WRITE in actor.permissions
        return self.show(request, "grants.html", tenant=tenant, may_write=may_write, **context)

    @action("/revoke", Permission.GRANTS_WRITE, name="revoke-grants")
    async def revoke(self, request: Request, actor: Principal) -> Response:
        """Take back those that were ticked, as far as they have not ended and the actor may."""
        form = await request.form()
        which = checked(GrantRevoke, {"ids": form.getlist("ids")})
        async with transaction(request) as session:
            taken = await lending.revoke_many(session, actor, which, now=await now(request))
        return done(
            request, "grants-revoked" if taken else "no-grants-revoked", tenant_id=form.get("tenant_id") or None
        )
