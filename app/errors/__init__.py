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

from app.errors.bad_requests import BadRequest, ClockInvalid, CursorInvalid, MalformedJson, SandboxClockRefused
from app.errors.conflicts import (
    Archived,
    Conflict,
    EmailTaken,
    InvalidTransition,
    ResourceBusy,
    ResourceInUse,
    SlotTaken,
    SlugTaken,
    WebhookEndpointLimit,
)
from app.errors.forbidden import CrossSiteRequest, Forbidden, PermissionDenied, TenantSuspended
from app.errors.general import InternalError, MethodNotAllowed, PayloadTooLarge, RevisionStale, Unavailable
from app.errors.invalid import RangeTooLong, SlotUnavailable, ValidationFailed
from app.errors.not_found import (
    AppointmentNotFound,
    BlockNotFound,
    CustomerNotFound,
    NotFound,
    ResourceNotFound,
    ServiceNotFound,
    TenantNotFound,
    TokenNotFound,
    WebhookEndpointNotFound,
)
from app.errors.problem import FieldError, Problem, problem_types
from app.errors.unauthenticated import (
    CredentialsInvalid,
    RefreshTokenReused,
    SessionInvalid,
    TokenInvalid,
    Unauthenticated,
)

__all__ = [
    "CONSTRAINT_PROBLEMS",
    "AppointmentNotFound",
    "Archived",
    "BadRequest",
    "BlockNotFound",
    "ClockInvalid",
    "Conflict",
    "CredentialsInvalid",
    "CrossSiteRequest",
    "CursorInvalid",
    "CustomerNotFound",
    "EmailTaken",
    "FieldError",
    "Forbidden",
    "InternalError",
    "InvalidTransition",
    "MalformedJson",
    "MethodNotAllowed",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "Problem",
    "RangeTooLong",
    "RefreshTokenReused",
    "ResourceBusy",
    "ResourceInUse",
    "ResourceNotFound",
    "RevisionStale",
    "SandboxClockRefused",
    "ServiceNotFound",
    "SessionInvalid",
    "SlotTaken",
    "SlotUnavailable",
    "SlugTaken",
    "TenantNotFound",
    "TenantSuspended",
    "TokenInvalid",
    "TokenNotFound",
    "Unauthenticated",
    "Unavailable",
    "ValidationFailed",
    "WebhookEndpointLimit",
    "WebhookEndpointNotFound",
    "problem_types",
]

# The database has the last word; these are the problems that its constraints stand for.
CONSTRAINT_PROBLEMS: dict[str, type[Problem]] = {
    "tenants_slug_key": SlugTaken,
    "tenants_schema_name_key": SlugTaken,
    "domains_hostname_key": SlugTaken,
    "users_tenant_email_key": EmailTaken,
    "claims_no_overlap_excl": SlotTaken,
}
