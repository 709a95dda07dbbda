"""Tables that all tenants share."""

from app.models.public.api_token import ApiTokenRow
from app.models.public.audit_chain import AuditChainRow
from app.models.public.audit_entry import AuditEntryRow
from app.models.public.custom_domain import CustomDomainRow
from app.models.public.domain import DomainRow
from app.models.public.invitation import InvitationRow
from app.models.public.mail import MailRow
from app.models.public.media_purge import MediaPurgeRow
from app.models.public.notification import NotificationRow
from app.models.public.one_time_code import OneTimeCodeRow
from app.models.public.passkey import PasskeyRow
from app.models.public.permission_grant import PermissionGrantRow
from app.models.public.platform_ticket import PlatformTicketRow
from app.models.public.platform_ticket_message import PlatformTicketMessageRow
from app.models.public.recovery_code import RecoveryCodeRow
from app.models.public.shared_idempotency_key import SharedIdempotencyKeyRow
from app.models.public.tenant import TenantRow
from app.models.public.tenant_schema import TenantSchemaRow
from app.models.public.throttle import ThrottleRow
from app.models.public.tier import TierRow
from app.models.public.totp_secret import TotpSecretRow
from app.models.public.user import UserRow
from app.models.public.user_preferences import UserPreferencesRow
from app.models.public.user_session import UserSessionRow

__all__ = [
    "ApiTokenRow",
    "AuditChainRow",
    "AuditEntryRow",
    "CustomDomainRow",
    "DomainRow",
    "InvitationRow",
    "MailRow",
    "MediaPurgeRow",
    "NotificationRow",
    "OneTimeCodeRow",
    "PasskeyRow",
    "PermissionGrantRow",
    "PlatformTicketMessageRow",
    "PlatformTicketRow",
    "RecoveryCodeRow",
    "SharedIdempotencyKeyRow",
    "TenantRow",
    "TenantSchemaRow",
    "ThrottleRow",
    "TierRow",
    "TotpSecretRow",
    "UserPreferencesRow",
    "UserRow",
    "UserSessionRow",
]
