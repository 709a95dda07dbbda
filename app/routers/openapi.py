"""The OpenAPI document: what it says of the whole, and our problem documents in place of FastAPI's own errors."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.errors import ValidationFailed
from app.routers import conditions, display, event_messages, idempotency, versions
from app.routers.descriptions import describe_body, describe_parameters, with_pages_named
from app.routers.guides import HOME
from app.routers.operations import knows_caller, permission_of, takes_tokens
from app.routers.problems import ProblemRead, example
from app.routers.routing import API_PREFIX, ApiRoute

DESCRIPTION = """
Scheduling for businesses: services, resources and their hours, free slots, bookings that cannot collide, and signed
webhooks.

**Book an appointment from this page**

Open an operation, press **Try it out**, fill it in, and press **Execute**. Be on the business's own host.

1. `POST /api/v1/auth/login` with the e-mail address and password that the server printed at its start. Copy the
   `access_token` of the answer (without the quotes), press **Authorize** at the top of this page, and paste it under
   *bearer*. It lasts a quarter of an hour; then log in again.
2. `GET /api/v1/services` - choose a service and copy its `id`.
3. `GET /api/v1/availability` with that `service_id`, and from when (`start`) to when (`end`), as
   `2026-12-01T09:00:00Z` - choose a slot in the days to come.
4. `POST /api/v1/customers` - make the customer, copy the `id`.
5. `POST /api/v1/appointments` with `service_id`, `customer_id` and the slot's `start`. The same call again answers
   `409 slot-taken`.

Instants are RFC 3339 and answered in UTC. Lists take `limit` and `cursor`. A test token (`ss_test_…`) works on sandbox
data, never on live ones.

Every error is a problem document (RFC 9457) whose `type` leads to its description. Programs go by its `code`; its words
are English, Spanish, French or German, as `Accept-Language` asks.

A token goes on speaking the version of the API that was the latest when it was made. A request may ask for another by
the header `Smooth-Version`; every answer says in it which version it speaks. Webhooks carry the latest.
""".strip()

TAGS = [
    {"name": "Authentication", "description": "Log in, refresh, log out."},
    {"name": "Accounts", "description": "Sign up, confirm an address, change or forget a password."},
    {"name": "Me", "description": "Who am I, what may I do, and how do I like it."},
    {"name": "My security", "description": "Where am I logged in, and what does my log-in ask for."},
    {
        "name": "API tokens",
        "description": "Keys for programs, each with its scopes: `ss_live_…` and `ss_test_…`.",
    },
    {
        "name": "Sandbox",
        "description": "A second set of the business's data to try things on: no mail leaves it, no live webhook hears "
        "of it. Test tokens work there; people enter it and leave it.",
    },
    {
        "name": "Services",
        "description": "What a business offers: duration, buffers, price, and what it needs.",
    },
    {"name": "Resources", "description": "Staff, rooms and equipment; their hours and the blocks in them."},
    {
        "name": "Files",
        "description": "Attachments, logos and avatars: announced, uploaded to where the answer says, and completed.",
    },
    {"name": "Customers", "description": "The business's records of the people it serves."},
    {"name": "Availability", "description": "The starts that are free."},
    {
        "name": "Appointments",
        "description": "Bookings and their life: confirm, check in, complete, cancel, reschedule.",
    },
    {"name": "Classes", "description": "The starts that several customers share, and how many seats they have left."},
    {"name": "Waitlist", "description": "Customers who wait for a place, and are offered one when it becomes free."},
    {"name": "Tickets", "description": "What customers want of the business, and what it says to that."},
    {"name": "Desk", "description": "What the people who answer tickets work with: promises, canned replies, views."},
    {"name": "Batches", "description": "Several requests in one."},
    {"name": "Webhooks", "description": "Where events are sent, signed as Standard Webhooks."},
    {"name": "Masquerade", "description": "Act in a user's place, for a reason, and never in secret."},
    {"name": "Permission grants", "description": "Permissions that colleagues lend each other for a while."},
    {"name": "Audit trail", "description": "Who has done what, in whose name, and what came of it."},
    {"name": "Staff", "description": "The people who work at a business, or for the platform."},
    {"name": "Invitations", "description": "Places kept for people who have not come yet."},
    {"name": "Business", "description": "What a business decides about itself."},
    {"name": "Domains", "description": "Host names of a business's own, and the DNS records that they need."},
    {"name": "Support", "description": "What a business wants of the platform, and what it says to that."},
    {"name": "Notifications", "description": "What a user should know."},
    {"name": "Live updates", "description": "A WebSocket at `/api/v1/ws`: changes as they happen."},
    {
        "name": "Platform: businesses",
        "description": "For the platform's own staff, on `platform.<root domain>`.",
    },
    {"name": "Platform: tickets", "description": "What businesses want of the platform, for those who answer them."},
    {"name": "Platform: users", "description": "Everybody who can log in, for those who look after them."},
    {"name": "Platform: tiers", "description": "What subscriptions cover."},
    {"name": "About", "description": "What a host is, and what a problem means."},
    {"name": "Health", "description": "For load balancers and operators."},
]

GUIDES = {
    "Authentication": "authentication",
    "API tokens": "authentication#tokens",
    "Sandbox": "sandbox",
    "Batches": "batch",
    "Support": "support",
    "Webhooks": "webhooks",
    "Live updates": "live",
}
"""The guides that tell more of a tag."""

SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token of this business (`ss_live_…`, `ss_test_…`), or an access token from a log-in.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "access_token",
        "description": "Set by a log-in, for browsers. Writes must come from the host's own pages, "
        "and bear the log-in's `csrf_token` in `X-CSRF-Token`.",
    },
}

METADATA: dict[str, Any] = {
    "title": "Smooth Schedule",
    "version": "1",
    "description": DESCRIPTION,
    "openapi_tags": TAGS,
    "license_info": {"name": "MIT", "identifier": "MIT"},
}


def install(app: FastAPI) -> None:
    """Make the document on first use, and keep it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way to extend the document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        tags=app.openapi_tags,
        routes=app.routes,
        license_info=app.license_info,
    )
    _name_guides(document)
    _describe_problems(document["components"]["schemas"])
    _describe_shared(document)
    routes = {route.unique_id: route for route in app.routes if isinstance(route, APIRoute)}
    for path in document["paths"].values():
        for operation in path.values():
            _complete(operation, routes[operation["operationId"]])
            describe_parameters(operation)
            describe_body(operation, document)
    event_messages.describe(document)
    return with_pages_named(document)


def _name_guides(document: dict[str, Any]) -> None:
    document["externalDocs"] = {"description": "Guides", "url": HOME}
    for tag in document["tags"]:
        if tag["name"] in GUIDES:
            tag["externalDocs"] = {"description": "Guide", "url": f"{HOME}/{GUIDES[tag['name']]}"}


def _wanted(route: APIRoute) -> str:
    """What the caller has to be or to have."""
    permission = permission_of(route)
    needs = f"Needs `{permission.value}`" if permission else "Needs no permission of its own"
    return f"{needs}." if takes_tokens(route) else f"{needs}, in a session: no token will do."


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Say of an operation what its route does beside its own work."""
    _drop_default_validation_error(operation["responses"])
    if knows_caller(route):
        operation["security"] = [{scheme: []} for scheme in SECURITY_SCHEMES]
        operation["x-for-tokens"] = takes_tokens(route)
        operation["description"] += f"\n\n{_wanted(route)}"
    if idempotency.takes_keys(route):
        idempotency.describe(operation)
    if isinstance(route, ApiRoute) and display.shows_zones(route):
        display.describe(operation)
    if isinstance(route, ApiRoute) and conditions.is_conditional(route):
        conditions.describe(operation)


def _describe_problems(schemas: dict[str, Any]) -> None:
    """Put our problem document in the place of FastAPI's validation errors."""
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemRead.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs")
    schemas["Problem"] = problem | {"examples": [example(ValidationFailed)]}


def _describe_shared(document: dict[str, Any]) -> None:
    """Say once what many requests may ask for, and of each operation of the API that a version is among that."""
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    document["components"]["parameters"] = {
        "SmoothVersion": versions.PARAMETER,
        "TimeZone": display.PARAMETER,
        "IfNoneMatch": conditions.PARAMETER,
    }
    document["components"]["responses"] = {"NotModified": conditions.NOT_MODIFIED}
    document["components"]["schemas"]["ApiVersion"] = versions.SCHEMA
    for path, operations in document["paths"].items():
        for operation in operations.values() if path.startswith(API_PREFIX) else ():
            operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/SmoothVersion"})


def _drop_default_validation_error(responses: dict[str, Any]) -> None:
    content = responses.get("422", {}).get("content", {})
    if "application/json" in content:
        del content["application/json"]
    if "422" in responses and not content:
        del responses["422"]
