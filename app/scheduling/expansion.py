"""What an appointment is shown with, where that is asked for: its customer, its service, its resources."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.people import customers
from app.people.schemas import CustomerRead
from app.scheduling import resources, services
from app.scheduling.documents import columns_of, document
from app.scheduling.schemas.appointments import AppointmentRead, Expansion
from app.scheduling.schemas.resources import ResourceFilters, ResourceRead
from app.scheduling.schemas.services import ServiceRead

NEEDED = {
    Expansion.CUSTOMER: Permission.CUSTOMERS_READ,
    Expansion.SERVICE: Permission.SERVICES_READ,
    Expansion.RESOURCES: Permission.RESOURCES_READ,
}
"""What the caller must be permitted, as for reading it by itself."""

_REQUIREMENTS = """(
  SELECT array_to_json(array_agg((SELECT row_to_json(pool) FROM (SELECT pools.resource_ids) pool) ORDER BY position))
  FROM (
    SELECT position, array_agg(resource_id ORDER BY priority) AS resource_ids
    FROM service_requirements WHERE service_id = services.id GROUP BY position
  ) pools
)"""
_RESOURCE = document(columns_of(ResourceRead), "resources WHERE id = serving.id")
_RESOURCES = f"""(
  SELECT array_to_json(array_agg({_RESOURCE} ORDER BY place))
  FROM unnest(appointments.resource_ids) WITH ORDINALITY AS serving (id, place)
)"""  # noqa: S608 — our own words # nosec B608
WRITTEN = {
    Expansion.CUSTOMER: document(columns_of(CustomerRead), "customers WHERE id = appointments.customer_id"),
    Expansion.SERVICE: document(
        columns_of(ServiceRead, requirements=_REQUIREMENTS), "services WHERE id = appointments.service_id"
    ),
    Expansion.RESOURCES: _RESOURCES,
}
"""SQL for each, in a query of appointments."""


async def expand(session: AsyncSession, appointment: AppointmentRead, wanted: Collection[Expansion]) -> AppointmentRead:
    """The appointment with what is wanted of these. Whether the caller may see them was asked before."""
    shown: dict[str, Any] = {}
    if Expansion.CUSTOMER in wanted:
        customer = await customers.require(session, appointment.customer_id)
        shown["customer"] = CustomerRead.model_validate(customer)
    if Expansion.SERVICE in wanted:
        shown["service"] = await services.read(session, appointment.service_id)
    if Expansion.RESOURCES in wanted:
        found = await resources.find(session, ResourceFilters(ids=tuple(appointment.resource_ids)))
        by_id = {row.id: ResourceRead.model_validate(row) for row in found.items}
        shown["resources"] = [by_id[resource_id] for resource_id in appointment.resource_ids]
    return appointment.model_copy(update=shown)
