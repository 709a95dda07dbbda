"""Everything that the audit trail speaks of, and which values it may show."""

from enum import StrEnum
from typing import Self


class AuditEvent(StrEnum):
    """An event, the fields whose values its diff may show, and what it means.

    Of any other field the trail keeps only that it changed: no secret and nothing personal has a place in it.
    """

    shown: frozenset[str]
    description: str

    def __new__(cls, name: str, shown: str, description: str) -> Self:
        """Take the fields as words."""
        event = str.__new__(cls, name)
        event._value_ = name
        event.shown = frozenset(shown.split())
        event.description = description
        return event

    @property
    def family(self) -> str:
        """What it is about: `masquerade` of `masquerade.started`."""
        return self.partition(".")[0]

    MASQUERADE_STARTED = "masquerade.started", "role expires_at", "Somebody began to act in a user's place."
    MASQUERADE_ENDED = "masquerade.ended", "", "Somebody stopped acting in a user's place, or their time was up."
    MASQUERADE_DENIED = "masquerade.denied", "rule", "Somebody was refused to act in a user's place."
    MASQUERADE_ACTED = "masquerade.acted", "", "A request was made while acting in a user's place."

    SESSION_STARTED = "session.started", "methods expires_at", "Somebody logged in."
    SESSION_REFUSED = "session.refused", "methods", "A log-in was refused."
    SESSION_ENDED = "session.ended", "", "Somebody logged out."
    SESSION_REVOKED = "session.revoked", "count", "Sessions were ended from elsewhere."
    SESSION_REFRESH_REUSED = "session.refresh_reused", "", "A used refresh token came again, which ended its session."

    PASSWORD_REFUSED = "password.refused", "", "A current password that was asked for was wrong."
    PASSWORD_CHANGED = "password.changed", "", "Somebody changed their password."
    PASSWORD_RESET_REQUESTED = "password.reset_requested", "", "A link to set a new password was asked for."
    PASSWORD_RESET = "password.reset", "", "A new password was set by such a link."

    EMAIL_CHANGE_REQUESTED = "email.change_requested", "", "Somebody asked to change their e-mail address."
    EMAIL_CHANGED = "email.changed", "", "An e-mail address was changed, confirmed at both addresses."
    EMAIL_VERIFIED = "email.verified", "", "Somebody showed that an e-mail address is theirs."

    SECOND_FACTOR_ENABLED = "second_factor.enabled", "", "Somebody set up an authenticator."
    SECOND_FACTOR_DISABLED = "second_factor.disabled", "", "Somebody gave up their authenticator."
    SECOND_FACTOR_RESET = "second_factor.reset", "", "Somebody's second factors were removed for them."
    RECOVERY_CODES_MADE = "recovery_codes.made", "count", "Somebody made new recovery codes; those before are void."
    PASSKEY_ADDED = "passkey.added", "", "Somebody added a passkey."
    PASSKEY_DELETED = "passkey.deleted", "", "Somebody deleted a passkey."

    USER_CREATED = "user.created", "role areas is_sandbox", "Somebody who can log in was made."
    USER_INVITED = "user.invited", "role areas expires_at", "Somebody was invited."
    USER_INVITATION_WITHDRAWN = "user.invitation_withdrawn", "role", "An invitation was withdrawn."
    USER_INVITATION_ACCEPTED = "user.invitation_accepted", "role areas", "An invitation was accepted."
    USER_SIGNED_UP = "user.signed_up", "role", "A customer signed up."
    USER_CHANGED = "user.changed", "", "A user's own details were changed."
    USER_ROLE_CHANGED = "user.role_changed", "role areas", "A user got another role."
    USER_AREAS_CHANGED = "user.areas_changed", "areas", "A member of staff got other areas."
    USER_DEACTIVATED = "user.deactivated", "is_active", "A user was deactivated."
    USER_REACTIVATED = "user.reactivated", "is_active", "A user was activated again."

    GRANT_GIVEN = "grant.given", "permission grantee_id expires_at", "A permission was lent."
    GRANT_REVOKED = "grant.revoked", "permission grantee_id", "A lent permission ended before its time."

    TOKEN_CREATED = (
        "token.created",
        "name hint mode scopes expires_at allowed_networks",
        "An API token was made.",
    )
    TOKEN_CHANGED = "token.changed", "name allowed_networks api_version", "What can be changed about a token was."
    TOKEN_ROLLED = "token.rolled", "expires_at", "A token was replaced by a new one, and ends soon."
    TOKEN_REVOKED = "token.revoked", "name hint mode", "An API token was revoked."

    TENANT_CREATED = (
        "tenant.created",
        "slug name subscription_tier is_temporary demo_expires_at timezone currency",
        "A business was signed up.",
    )
    TENANT_CHANGED = (
        "tenant.changed",
        "name subscription_tier is_temporary demo_expires_at timezone currency",
        "The platform changed a business.",
    )
    TENANT_SUSPENDED = "tenant.suspended", "status", "A business was suspended."
    TENANT_RESUMED = "tenant.resumed", "status", "A suspended business was resumed."
    TENANT_ERASED = "tenant.erased", "slug is_temporary demo_expires_at", "A business and its data were erased."
    SANDBOX_RESET = "sandbox.reset", "", "A business's sandbox was emptied and filled anew."
    BUSINESS_CHANGED = (
        "business.changed",
        "name timezone currency locale first_weekday self_sign_up brand_color cors_origins history_days logo_id",
        "A business changed its settings.",
    )
    DESK_CHANGED = "desk.changed", "hours closed_on targets auto_close_days", "The settings of the desk were changed."
    TIER_CHANGED = (
        "tier.changed",
        "max_staff bookings_per_month api_requests_per_minute max_domains retention_days storage_megabytes",
        "What a tier covers was changed.",
    )

    DOMAIN_ADDED = "domain.added", "hostname", "A host name of a business's own was named."
    DOMAIN_STATUS_CHANGED = "domain.status_changed", "status", "A domain got another status."
    DOMAIN_MADE_PRIMARY = "domain.made_primary", "is_primary", "A domain became the one that a business is known by."

    WEBHOOK_ENDPOINT_CREATED = "webhook_endpoint.created", "host events is_enabled", "A webhook endpoint was added."
    WEBHOOK_ENDPOINT_CHANGED = "webhook_endpoint.changed", "host events is_enabled", "A webhook endpoint was changed."
    WEBHOOK_ENDPOINT_SECRET_ROTATED = (
        "webhook_endpoint.secret_rotated",
        "previous_secret_expires_at",
        "A webhook endpoint got another signing secret.",
    )
    WEBHOOK_ENDPOINT_DELETED = "webhook_endpoint.deleted", "host events is_enabled", "A webhook endpoint was deleted."

    PLATFORM_TICKET_OPENED = "platform_ticket.opened", "", "A business asked something of the platform."
    PLATFORM_TICKET_SOLVED = "platform_ticket.solved", "", "A business said that what it asked is settled."
    SUPPORT_TICKET_CHANGED = (
        "support_ticket.changed",
        "priority category assignee_id",
        "The platform's people sorted a business's ticket, or gave it to somebody.",
    )
    SUPPORT_TICKET_STATUS_CHANGED = (
        "support_ticket.status_changed",
        "status",
        "A business's ticket got another status.",
    )

    PERMISSION_DENIED = "permission.denied", "permission", "A caller was refused for want of a permission."
    AUDIT_EXPORTED = (
        "audit.exported",
        "event result actor_id user_id since until object_type object_id",
        "The audit trail was exported.",
    )
    AUDIT_VERIFIED = "audit.verified", "entries fault", "A chain of the audit trail was verified."
