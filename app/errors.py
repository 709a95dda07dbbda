"""Everything that can go wrong, as one tree. A class here is its problem type (RFC 9457) and its OpenAPI entry.

Problem
├── BadRequest (400)            MalformedJson · CursorInvalid · SandboxClockRefused · ClockInvalid
├── Unauthenticated (401)       CredentialsInvalid · TokenInvalid · SessionInvalid · RefreshTokenReused
├── Forbidden (403)             PermissionDenied · TenantSuspended · CrossSiteRequest
├── NotFound (404)              TenantNotFound · TokenNotFound · ServiceNotFound · ResourceNotFound
│                               · CustomerNotFound · BlockNotFound · AppointmentNotFound · WebhookEndpointNotFound
├── MethodNotAllowed (405)
├── Conflict (409)              SlugTaken · EmailTaken · SlotTaken · ResourceBusy · InvalidTransition · ResourceInUse
│                               · Archived · WebhookEndpointLimit
├── RevisionStale (412)
├── PayloadTooLarge (413)
├── ValidationFailed (422)      SlotUnavailable · RangeTooLong
├── InternalError (500)
└── Unavailable (503)

The first line of a class's docstring is its `title`, the rest says what the caller can do about it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: a JSON pointer (RFC 6901) into the body, or the parameter's name."""

    pointer: str
    detail: str


class Problem(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    keeps_changes: ClassVar[bool] = False
    """Whether the transaction that this problem ends is committed all the same."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.advice())
        self.detail = detail or self.advice()
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @classmethod
    def code(cls) -> str:
        """The class's name in kebab case, as it ends the problem type: `slot-taken`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The short, stable summary of the problem type."""
        return (cls.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")

    @classmethod
    def advice(cls) -> str:
        """What the caller can do about it."""
        _, _, rest = (cls.__doc__ or "").strip().partition("\n")
        return " ".join(rest.split()) or cls.title()


class BadRequest(Problem):
    """The request cannot be understood."""

    status = 400


class MalformedJson(BadRequest):
    """The body is not valid JSON.

    Send a JSON document (RFC 8259) with `Content-Type: application/json`.
    """


class CursorInvalid(BadRequest):
    """The cursor is not one that this list gave out.

    Leave `cursor` out to start from the beginning, or pass `next_cursor` of the previous page unchanged.
    """


class SandboxClockRefused(BadRequest):
    """`Sandbox-Now` is refused in live mode.

    Live bookings follow the real clock. Use a test token (`ss_test_…`), or leave the header out.
    """


class ClockInvalid(BadRequest):
    """`Sandbox-Now` is not an instant.

    Send an RFC 3339 instant with an offset, for example `2026-11-01T09:00:00Z`.
    """


class Unauthenticated(Problem):
    """Authentication is required.

    Send `Authorization: Bearer …` with an access token or an API token of this business.
    """

    status = 401

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class CredentialsInvalid(Unauthenticated):
    """The e-mail address or the password is wrong.

    Check both, and that this is the host of the business the account belongs to.
    """


class TokenInvalid(Unauthenticated):
    """The token is not valid here.

    It is malformed, unknown, expired or revoked, or it belongs to another host.
    """


class SessionInvalid(Unauthenticated):
    """The session has ended.

    It expired, was revoked, or its refresh token was used twice. Log in again.
    """


class RefreshTokenReused(SessionInvalid):
    """A refresh token was used a second time.

    Somebody else may hold a copy, so the whole session was ended. Log in again.
    """

    keeps_changes = True


class Forbidden(Problem):
    """This is not allowed."""

    status = 403


class PermissionDenied(Forbidden):
    """The caller lacks the permission for this.

    The detail names the permission; the owner of the business can give it, or make a token with that scope.
    """


class TenantSuspended(Forbidden):
    """The business is suspended.

    Its data are kept. Its owner can contact the platform's support to resume it.
    """


class CrossSiteRequest(Forbidden):
    """A write with cookies came from another site.

    Browsers may only send cookie-authenticated writes from the business's own pages. API clients send a bearer token.
    """


class NotFound(Problem):
    """There is nothing at this address.

    See `/docs` on this host for what there is.
    """

    status = 404


class TenantNotFound(NotFound):
    """No business answers at this host.

    Check the host name: a business lives on its own subdomain, the platform on `platform.`.
    """


class TokenNotFound(NotFound):
    """There is no such API token."""


class ServiceNotFound(NotFound):
    """There is no such service."""


class ResourceNotFound(NotFound):
    """There is no such resource."""


class CustomerNotFound(NotFound):
    """There is no such customer."""


class BlockNotFound(NotFound):
    """There is no such block."""


class AppointmentNotFound(NotFound):
    """There is no such appointment."""


class WebhookEndpointNotFound(NotFound):
    """There is no such webhook endpoint."""


class MethodNotAllowed(Problem):
    """This address does not take that method.

    The `Allow` header lists the methods it takes.
    """

    status = 405


class Conflict(Problem):
    """The request conflicts with what is there."""

    status = 409


class SlugTaken(Conflict):
    """Another business uses this slug.

    Choose another one; it becomes part of the business's web address.
    """


class EmailTaken(Conflict):
    """Someone here already uses this e-mail address.

    Log in with it, or use another address.
    """


class SlotTaken(Conflict):
    """Someone else has just booked this time.

    Ask `GET /api/v1/availability` for the times that are free now.
    """


class ResourceBusy(Conflict):
    """The resource has an appointment or a block in that time.

    Reschedule or cancel what is there first.
    """


class InvalidTransition(Conflict):
    """The appointment's status does not allow this.

    The detail names its status and what can follow it.
    """


class ResourceInUse(Conflict):
    """The resource is still needed.

    A service requires it or appointments lie ahead. Change those first.
    """


class Archived(Conflict):
    """It is archived.

    What is archived is kept for the history it belongs to; it can be read, but neither changed nor booked.
    """


class WebhookEndpointLimit(Conflict):
    """The business has as many webhook endpoints as it may have.

    Delete one that is no longer used.
    """


class RevisionStale(Problem):
    """It has changed since it was read.

    Read it again, and repeat the change with the new `ETag` in `If-Match`.
    """

    status = 412


class PayloadTooLarge(Problem):
    """The body is too large.

    A request may carry one mebibyte.
    """

    status = 413


class ValidationFailed(Problem):
    """Some of the input is not valid.

    `errors` lists each field with what is wrong.
    """

    status = 422


class SlotUnavailable(ValidationFailed):
    """This start is not offered.

    The detail says why. Ask `GET /api/v1/availability` for the times that are.
    """


class RangeTooLong(ValidationFailed):
    """The range is too long.

    One request covers at most 62 days.
    """


class InternalError(Problem):
    """Something went wrong on our side.

    It has been recorded under `request_id`; please name it when you write to support.
    """

    status = 500


class Unavailable(Problem):
    """The service is busy or restarting.

    Nothing was changed. Try again in a moment.
    """

    status = 503

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


# The database has the last word; these are the problems that its constraints stand for.
CONSTRAINT_PROBLEMS: dict[str, type[Problem]] = {
    "tenants_slug_key": SlugTaken,
    "tenants_schema_name_key": SlugTaken,
    "domains_hostname_key": SlugTaken,
    "users_tenant_email_key": EmailTaken,
    "claims_no_overlap_excl": SlotTaken,
}


def problem_types() -> list[type[Problem]]:
    """Every problem type, parents first."""
    found: list[type[Problem]] = []
    queue: list[type[Problem]] = [Problem]
    while queue:
        kind = queue.pop(0)
        children = kind.__subclasses__()
        found += children
        queue += children
    return found
