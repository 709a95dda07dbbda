"""Host names of the business's own."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.auth.dependencies import CanReadBusiness, CanWriteBusiness, LiveSession, Now
from app.domains import names
from app.domains.records import read
from app.domains.schemas import DomainCreate, DomainFilters, DomainRead
from app.errors import CursorInvalid, DomainNotFound, DomainTaken, InvalidTransition, TierLimit
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.runtime import Runtime
from app.tenancy.dependencies import CurrentTenant

router = ApiRouter(prefix="/domains", tags=["Domains"], responses=problems(*PERMITTED))


async def root_domain(request: Request) -> str:
    runtime: Runtime = request.app.state.runtime
    return runtime.settings.root_domain


RootDomain = Annotated[str, Depends(root_domain)]


@router.post("", status_code=201, summary="Add a domain", responses=problems(DomainTaken, TierLimit))
async def add_domain(
    body: DomainCreate,
    _actor: CanWriteBusiness,
    tenant: CurrentTenant,
    session: LiveSession,
    root: RootDomain,
    now: Now,
    request: Request,
    response: Response,
) -> DomainRead:
    """Bring a host name of your own. The answer says which DNS records to set; they are looked for from now on.

    The TXT record proves that the name is yours, and the CNAME leads it here. Once both are there, the business answers
    at that name.
    """
    row = await names.add(session, tenant, body, root_domain=root, now=now)
    response.headers["Location"] = request.app.url_path_for(get_domain.__name__, domain_id=row.id)
    return read(row, root)


@router.get("", summary="List domains", responses=problems(CursorInvalid))
async def list_domains(
    _actor: CanReadBusiness,
    tenant: CurrentTenant,
    session: LiveSession,
    root: RootDomain,
    filters: Annotated[DomainFilters, Query()],
) -> PageRead[DomainRead]:
    """The business's own host names with their records, and how far each has come."""
    found = await names.find(session, tenant, filters)
    return PageRead[DomainRead].model_validate(found.holding([read(row, root) for row in found.items]))


@router.get("/{domain_id}", summary="Get a domain", responses=problems(DomainNotFound))
async def get_domain(
    domain_id: UUID, _actor: CanReadBusiness, tenant: CurrentTenant, session: LiveSession, root: RootDomain
) -> DomainRead:
    """One domain: its records, what the latest check has found, and when the next one is."""
    return read(await names.require(session, tenant, domain_id), root)


@router.post(
    "/{domain_id}/verify",
    status_code=202,
    summary="Verify a domain now",
    responses=problems(DomainNotFound, InvalidTransition),
)
async def verify_domain(
    domain_id: UUID,
    _actor: CanWriteBusiness,
    tenant: CurrentTenant,
    session: LiveSession,
    root: RootDomain,
    now: Now,
) -> DomainRead:
    """Have its records looked for at once. `GET` it a moment later to see what was found."""
    return read(await names.ask_for_check(session, tenant, domain_id, now=now), root)


@router.post(
    "/{domain_id}/primary",
    summary="Make a domain the primary one",
    responses=problems(DomainNotFound, InvalidTransition),
)
async def make_domain_primary(
    domain_id: UUID,
    _actor: CanWriteBusiness,
    tenant: CurrentTenant,
    session: LiveSession,
    root: RootDomain,
    now: Now,
) -> DomainRead:
    """Have the business be known by this name rather than by any other. It must be active."""
    return read(await names.make_primary(session, tenant, domain_id, now=now), root)


@router.delete("/{domain_id}", status_code=204, summary="Release a domain", responses=problems(DomainNotFound))
async def release_domain(
    domain_id: UUID, _actor: CanWriteBusiness, tenant: CurrentTenant, session: LiveSession, now: Now
) -> None:
    """Let a name go. Nothing answers there any more, and for 30 days no other business can have it.

    Remove its DNS records as well.
    """
    await names.release(session, tenant, domain_id, now=now)
