"""Everything that can go wrong, as one tree. A class here is its problem type (RFC 9457) and its OpenAPI entry.

Problem
├── BadRequest (400)            MalformedJson · CursorInvalid · SandboxClockRefused · ClockInvalid
│                               · VersionUnknown · IdempotencyKeyInvalid
├── Unauthenticated (401)       CredentialsInvalid · TokenInvalid · SessionInvalid · RefreshTokenReused
│                               · SecondFactorRequired · SecondFactorInvalid · PasskeyInvalid
├── TierLimit (402)
├── Forbidden (403)             PermissionDenied · TenantSuspended · CrossSiteRequest · CsrfTokenInvalid · InPersonOnly
│                               · EnrolmentRequired · PasswordWrong · RoleDenied · MasqueradeDenied · GrantDenied
│                               · SignUpClosed · SandboxNotAllowed · SandboxOnly · AddressNotAllowed
├── NotFound (404)              TenantNotFound · TokenNotFound · ServiceNotFound · ResourceNotFound
│                               · CustomerNotFound · BlockNotFound · AppointmentNotFound · WebhookEndpointNotFound
│                               · UserNotFound · InvitationNotFound · SessionNotFound · PasskeyNotFound · GrantNotFound
│                               · NotificationNotFound · TierNotFound · EventTypeNotFound · EventNotFound
│                               · DeliveryNotFound · ReplayNotFound · ClassSessionNotFound · WaitlistEntryNotFound
│                               · TicketNotFound · CannedReplyNotFound · TicketViewNotFound · DomainNotFound
│                               · MediaFileNotFound
├── MethodNotAllowed (405)
├── Conflict (409)              SlugTaken · EmailTaken · AlreadyInvited · SlotTaken · ResourceBusy · InvalidTransition
│                               · DomainTaken · TicketMerged · UploadIncomplete · MediaFileInUse
│                               · MediaFileLimit
│                               · ResourceInUse · Archived · WebhookEndpointLimit · AlreadyMasquerading
│                               · WebhookEndpointDisabled · DeliveryPending · ReplayRunning
│                               · NotMasquerading · SecondFactorPresent · SecondFactorMissing · LastOwner
│                               · PasskeyLimit · TokenExpired · TokenLimit · ListenerLimit · IdempotencyKeyInUse
├── LinkInvalid (410)
├── RevisionStale (412)
├── PayloadTooLarge (413)
├── SocketMessageTooLarge (413)
├── ValidationFailed (422)      SlotUnavailable · RangeTooLong · IdempotencyKeyReused · MediaFileRefused
├── RateLimited (429)
├── SocketLimit (429)
├── TooManyAttempts (429)
├── InternalError (500)
└── Unavailable (503)

The first line of a class's docstring is its `title`, the rest says what the caller can do about it.
"""

from app.errors.bad_requests import (
    BadRequest,
    ClockInvalid,
    CursorInvalid,
    IdempotencyKeyInvalid,
    MalformedJson,
    SandboxClockRefused,
    VersionUnknown,
)
from app.errors.conflicts import (
    AlreadyInvited,
    AlreadyMasquerading,
    Archived,
    Conflict,
    DeliveryPending,
    DomainTaken,
    EmailTaken,
    IdempotencyKeyInUse,
    InvalidTransition,
    LastOwner,
    ListenerLimit,
    MediaFileInUse,
    MediaFileLimit,
    NotMasquerading,
    PasskeyLimit,
    ReplayRunning,
    ResourceBusy,
    ResourceInUse,
    SecondFactorMissing,
    SecondFactorPresent,
    SlotTaken,
    SlugTaken,
    TicketMerged,
    TokenExpired,
    TokenLimit,
    UploadIncomplete,
    WebhookEndpointDisabled,
    WebhookEndpointLimit,
)
from app.errors.forbidden import (
    AddressNotAllowed,
    CrossSiteRequest,
    CsrfTokenInvalid,
    EnrolmentRequired,
    Forbidden,
    GrantDenied,
    InPersonOnly,
    MasqueradeDenied,
    PasswordWrong,
    PermissionDenied,
    RoleDenied,
    SandboxNotAllowed,
    SandboxOnly,
    SignUpClosed,
    TenantSuspended,
)
from app.errors.general import (
    InternalError,
    LinkInvalid,
    MethodNotAllowed,
    PayloadTooLarge,
    RateLimited,
    RevisionStale,
    SocketLimit,
    SocketMessageTooLarge,
    TierLimit,
    TooManyAttempts,
    Unavailable,
)
from app.errors.invalid import IdempotencyKeyReused, MediaFileRefused, RangeTooLong, SlotUnavailable, ValidationFailed
from app.errors.not_found import (
    AppointmentNotFound,
    BlockNotFound,
    CannedReplyNotFound,
    ClassSessionNotFound,
    CustomerNotFound,
    DeliveryNotFound,
    DomainNotFound,
    EventNotFound,
    EventTypeNotFound,
    GrantNotFound,
    InvitationNotFound,
    MediaFileNotFound,
    NotFound,
    NotificationNotFound,
    PasskeyNotFound,
    ReplayNotFound,
    ResourceNotFound,
    ServiceNotFound,
    SessionNotFound,
    TenantNotFound,
    TicketNotFound,
    TicketViewNotFound,
    TierNotFound,
    TokenNotFound,
    UserNotFound,
    WaitlistEntryNotFound,
    WebhookEndpointNotFound,
)
from app.errors.problem import FieldError, InvalidValue, Problem, problem_types
from app.errors.sentences import Sentence
from app.errors.unauthenticated import (
    CredentialsInvalid,
    PasskeyInvalid,
    RefreshTokenReused,
    SecondFactorInvalid,
    SecondFactorRequired,
    SessionInvalid,
    TokenInvalid,
    Unauthenticated,
)

__all__ = [
    "CONSTRAINT_PROBLEMS",
    "AddressNotAllowed",
    "AlreadyInvited",
    "AlreadyMasquerading",
    "AppointmentNotFound",
    "Archived",
    "BadRequest",
    "BlockNotFound",
    "CannedReplyNotFound",
    "ClassSessionNotFound",
    "ClockInvalid",
    "Conflict",
    "CredentialsInvalid",
    "CrossSiteRequest",
    "CsrfTokenInvalid",
    "CursorInvalid",
    "CustomerNotFound",
    "DeliveryNotFound",
    "DeliveryPending",
    "DomainNotFound",
    "DomainTaken",
    "EmailTaken",
    "EnrolmentRequired",
    "EventNotFound",
    "EventTypeNotFound",
    "FieldError",
    "Forbidden",
    "GrantDenied",
    "GrantNotFound",
    "IdempotencyKeyInUse",
    "IdempotencyKeyInvalid",
    "IdempotencyKeyReused",
    "InPersonOnly",
    "InternalError",
    "InvalidTransition",
    "InvalidValue",
    "InvitationNotFound",
    "LastOwner",
    "LinkInvalid",
    "ListenerLimit",
    "MalformedJson",
    "MasqueradeDenied",
    "MediaFileInUse",
    "MediaFileLimit",
    "MediaFileNotFound",
    "MediaFileRefused",
    "MethodNotAllowed",
    "NotFound",
    "NotMasquerading",
    "NotificationNotFound",
    "PasskeyInvalid",
    "PasskeyLimit",
    "PasskeyNotFound",
    "PasswordWrong",
    "PayloadTooLarge",
    "PermissionDenied",
    "Problem",
    "RangeTooLong",
    "RateLimited",
    "RefreshTokenReused",
    "ReplayNotFound",
    "ReplayRunning",
    "ResourceBusy",
    "ResourceInUse",
    "ResourceNotFound",
    "RevisionStale",
    "RoleDenied",
    "SandboxClockRefused",
    "SandboxNotAllowed",
    "SandboxOnly",
    "SecondFactorInvalid",
    "SecondFactorMissing",
    "SecondFactorPresent",
    "SecondFactorRequired",
    "Sentence",
    "ServiceNotFound",
    "SessionInvalid",
    "SessionNotFound",
    "SignUpClosed",
    "SlotTaken",
    "SlotUnavailable",
    "SlugTaken",
    "SocketLimit",
    "SocketMessageTooLarge",
    "TenantNotFound",
    "TenantSuspended",
    "TicketMerged",
    "TicketNotFound",
    "TicketViewNotFound",
    "TierLimit",
    "TierNotFound",
    "TokenExpired",
    "TokenInvalid",
    "TokenLimit",
    "TokenNotFound",
    "TooManyAttempts",
    "Unauthenticated",
    "Unavailable",
    "UploadIncomplete",
    "UserNotFound",
    "ValidationFailed",
    "VersionUnknown",
    "WaitlistEntryNotFound",
    "WebhookEndpointDisabled",
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
    "invitations_open_key": AlreadyInvited,
    "claims_no_overlap_excl": SlotTaken,
    "custom_domains_open_key": DomainTaken,
    "passkeys_credential_id_key": PasskeyInvalid,
    "webhook_replays_running_idx": ReplayRunning,
}
