"""Books the first free start of a business's first service, and finds that nobody else can have it.

Runs beside `smooth_client`, which is generated from the OpenAPI document.
"""

import os
from datetime import UTC, datetime, timedelta

from smooth_client import AuthenticatedClient
from smooth_client.api.appointments import book_appointment
from smooth_client.api.availability import find_slots
from smooth_client.api.customers import create_customer
from smooth_client.api.services import list_services
from smooth_client.models import AppointmentCreate, AppointmentRead, CustomerCreate, CustomerRead, Problem

client = AuthenticatedClient(
    base_url=os.environ["ADDRESS"], token=os.environ["TOKEN"], headers={"X-Forwarded-Host": os.environ["BUSINESS_HOST"]}
)
(service,) = list_services.sync(client=client).items
start = datetime.now(UTC).replace(microsecond=0)
free = find_slots.sync(client=client, service_id=service.id, start=start, end=start + timedelta(days=7)).slots
customer = create_customer.sync(client=client, body=CustomerCreate(name="Grace Hopper"))
assert isinstance(customer, CustomerRead)

wanted = AppointmentCreate(service_id=service.id, customer_id=customer.id, start=free[0].start)
booked = book_appointment.sync(client=client, body=wanted)
assert isinstance(booked, AppointmentRead)
assert booked.start == free[0].start

refused = book_appointment.sync(client=client, body=wanted)
assert isinstance(refused, Problem)
assert refused.code == "slot-taken"
print(booked.id)  # noqa: T201 — what it is run for
