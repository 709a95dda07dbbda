"""Businesses, for the platform's own staff."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadTenants, CanWriteTenants, Now, PublicSession
from app.businesses import directory, signup
from app.businesses.schemas import TenantCreate, TenantFilters, TenantRead, TenantUpdate
from app.errors import CursorInvalid, SlugTaken, TenantNotFound
from app.people.dependencies import CurrentPost
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/platform/tenants",
    tags=["Platform: businesses"],
    responses=problems(*PERMITTED),
)


@router.post("", status_code=201, summary="Sign a business up", responses=problems(SlugTaken))
async def create_tenant(
    body: TenantCreate, _actor: CanWriteTenants, session: PublicSession, post: CurrentPost, now: Now
) -> TenantRead:
    """Make a business with its owner. It answers on its own subdomain as soon as this returns."""
    return TenantRead.model_validate(await signup.sign_up(session, body, post=post, now=now))


@router.get("", summary="List businesses", responses=problems(CursorInvalid))
async def list_tenants(
    actor: CanReadTenants, session: PublicSession, filters: Annotated[TenantFilters, Query()]
) -> PageRead[TenantRead]:
    """The businesses that the caller may see, newest first. Sales staff see demo accounts."""
    return PageRead[TenantRead].model_validate(await directory.find(session, actor, filters))


@router.get("/{tenant_id}", summary="Get a business", responses=problems(TenantNotFound))
async def get_tenant(tenant_id: UUID, actor: CanReadTenants, session: PublicSession) -> TenantRead:
    """One business."""
    return TenantRead.model_validate(await directory.require(session, actor, tenant_id))


@router.patch("/{tenant_id}", summary="Change a business", responses=problems(TenantNotFound))
async def update_tenant(
    tenant_id: UUID, body: TenantUpdate, actor: CanWriteTenants, session: PublicSession, now: Now
) -> TenantRead:
    """Rename a business, change its tier, suspend or resume it. Fields left out stay as they are."""
    return TenantRead.model_validate(await directory.update(session, actor, tenant_id, body, now=now))
