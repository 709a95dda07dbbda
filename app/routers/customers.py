"""The people a business serves."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadCustomers, CanWriteCustomers, Now, TenantSession
from app.errors import CursorInvalid, CustomerNotFound, RoleDenied, UserNotFound
from app.people import customer_accounts, customers
from app.people.schemas import CustomerCreate, CustomerFilters, CustomerLogInRead, CustomerRead, CustomerUpdate
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/customers", tags=["Customers"], responses=problems(*PERMITTED))


@router.post("", status_code=201, summary="Add a customer")
async def create_customer(
    body: CustomerCreate, _actor: CanWriteCustomers, session: TenantSession, now: Now
) -> CustomerRead:
    """Record somebody whom the business serves."""
    return CustomerRead.model_validate(await customers.create(session, body, now=now))


@router.get("", summary="List customers", responses=problems(CursorInvalid))
async def list_customers(
    _actor: CanReadCustomers, session: TenantSession, filters: Annotated[CustomerFilters, Query()]
) -> PageRead[CustomerRead]:
    """The customers, newest first."""
    return PageRead[CustomerRead].model_validate(await customers.find(session, filters))


@router.get("/{customer_id}", summary="Get a customer", responses=problems(CustomerNotFound))
async def get_customer(customer_id: UUID, _actor: CanReadCustomers, session: TenantSession) -> CustomerRead:
    """One customer."""
    return CustomerRead.model_validate(await customers.require(session, customer_id))


@router.patch("/{customer_id}", summary="Change a customer", responses=problems(CustomerNotFound))
async def update_customer(
    customer_id: UUID, body: CustomerUpdate, _actor: CanWriteCustomers, session: TenantSession, now: Now
) -> CustomerRead:
    """Change a customer's record. Fields left out stay as they are; null clears the address or the number."""
    return CustomerRead.model_validate(await customers.update(session, customer_id, body, now=now))


@router.get(
    "/{customer_id}/log-in", summary="Get a customer's log-in", responses=problems(CustomerNotFound, UserNotFound)
)
async def get_customer_log_in(customer_id: UUID, _actor: CanReadCustomers, session: TenantSession) -> CustomerLogInRead:
    """Who logs in as this customer."""
    return CustomerLogInRead.of(await customer_accounts.require(session, customer_id))


@router.post(
    "/{customer_id}/log-in/deactivate",
    summary="Shut a customer out",
    responses=problems(CustomerNotFound, UserNotFound, RoleDenied),
)
async def deactivate_customer_log_in(
    customer_id: UUID, _actor: CanWriteCustomers, session: TenantSession, now: Now
) -> CustomerLogInRead:
    """End a customer's sessions at once and let them log in no more. The record of them stays as it is."""
    return CustomerLogInRead.of(await customer_accounts.deactivate(session, customer_id, now=now))


@router.post(
    "/{customer_id}/log-in/reactivate",
    summary="Let a customer in again",
    responses=problems(CustomerNotFound, UserNotFound, RoleDenied),
)
async def reactivate_customer_log_in(
    customer_id: UUID, _actor: CanWriteCustomers, session: TenantSession, now: Now
) -> CustomerLogInRead:
    """Let a customer log in again who was shut out."""
    return CustomerLogInRead.of(await customer_accounts.reactivate(session, customer_id, now=now))
