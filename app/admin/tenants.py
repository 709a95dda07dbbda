"""Businesses: their hosts, subscriptions and terms; suspending and resuming them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import read_form, transaction
from app.admin.lists import chosen, list_request
from app.admin.pages import OfficePage, action, done, page
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.businesses import directory, overview
from app.businesses.demos import LONGEST_TERM
from app.businesses.schemas import SubscriptionTier, TenantUpdate
from app.core.schemas import RequestModel
from app.models.public.tenant import STATUSES
from app.tenancy.dependencies import now

TIERS = list(SubscriptionTier)


class TierChoice(RequestModel):
    subscription_tier: SubscriptionTier


class Extension(RequestModel):
    days: Annotated[int, Field(ge=1, le=LONGEST_TERM.days)]


class TenantPages(OfficePage):
    menu_label = "Businesses"
    icon = "fa-solid fa-shop"
    path = "/tenants"
    about = "Hosts, subscriptions and demo terms; suspend and resume."
    permission = Permission.TENANTS_READ

    @page("", Permission.TENANTS_READ, name="tenants")
    async def index(self, request: Request, actor: Principal) -> Response:
        """The businesses that the reader may see."""
        wanted = list_request(request)
        status, tier = chosen(request, "status", [*STATUSES]), chosen(request, "tier", [*TIERS])
        async with transaction(request) as session:
            listing = await overview.find(session, actor, wanted, status=status, tier=tier)
            hosts = await overview.hosts_of(session, [row.id for row in listing.items])
        choices = {"status": status, "tier": tier, "statuses": STATUSES, "tiers": TIERS}
        return self.show(request, "tenants.html", wanted=wanted, listing=listing, hosts=hosts, **choices)

    @page("/{tenant_id:uuid}", Permission.TENANTS_READ, name="tenant")
    async def detail(self, request: Request, actor: Principal) -> Response:
        """One business, and what can be done about it."""
        tenant_id: UUID = request.path_params["tenant_id"]
        async with transaction(request) as session:
            tenant = await directory.require(session, actor, tenant_id)
            hosts = await overview.hosts_of(session, [tenant_id])
        may_write = Permission.TENANTS_WRITE in actor.permissions
        context = {"hosts": hosts[tenant_id], "tiers": TIERS, "longest": LONGEST_TERM.days, "may_write": may_write}
        return self.show(request, "tenant.html", tenant=tenant, **context)

    @action("/{tenant_id:uuid}/suspend", Permission.TENANTS_WRITE, name="suspend-tenant")
    async def suspend(self, request: Request, actor: Principal) -> Response:
        """Refuse every request to the business's hosts."""
        return await self._update(request, actor, TenantUpdate(status="suspended"), "suspended")

    @action("/{tenant_id:uuid}/resume", Permission.TENANTS_WRITE, name="resume-tenant")
    async def resume(self, request: Request, actor: Principal) -> Response:
        """Serve the business again."""
        return await self._update(request, actor, TenantUpdate(status="active"), "resumed")

    @action("/{tenant_id:uuid}/tier", Permission.TENANTS_WRITE, name="change-tier")
    async def change_tier(self, request: Request, actor: Principal) -> Response:
        """Give the business another subscription."""
        choice = await read_form(request, TierChoice)
        return await self._update(request, actor, TenantUpdate(**choice.model_dump()), "tier-changed")

    @action("/{tenant_id:uuid}/extend", Permission.TENANTS_WRITE, name="extend-demo")
    async def extend(self, request: Request, actor: Principal) -> Response:
        """Let a demo account end later."""
        extension = await read_form(request, Extension)
        end = (await now(request) + timedelta(days=extension.days)).replace(microsecond=0)
        return await self._update(request, actor, TenantUpdate(demo_expires_at=end), "extended")

    async def _update(self, request: Request, actor: Principal, data: TenantUpdate, notice: str) -> Response:
        async with transaction(request) as session:
            await directory.update(session, actor, request.path_params["tenant_id"], data, now=await now(request))
        return done(request, notice)
