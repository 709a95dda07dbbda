"""Tables that every tenant schema has."""

from app.models.tenant.appointment import AppointmentRow
from app.models.tenant.block import BlockRow
from app.models.tenant.canned_reply import CannedReplyRow
from app.models.tenant.claim import ClaimRow
from app.models.tenant.class_session import ClassSessionRow
from app.models.tenant.customer import CustomerRow
from app.models.tenant.desk_settings import DeskSettingsRow
from app.models.tenant.event import EventRow
from app.models.tenant.idempotency_key import IdempotencyKeyRow
from app.models.tenant.media_file import MediaFileRow
from app.models.tenant.resource import ResourceRow
from app.models.tenant.schedule_override import ScheduleOverrideRow
from app.models.tenant.schedule_rule import ScheduleRuleRow
from app.models.tenant.service import ServiceRow
from app.models.tenant.service_requirement import ServiceRequirementRow
from app.models.tenant.ticket import TicketRow
from app.models.tenant.ticket_mail import TicketMailRow
from app.models.tenant.ticket_message import TicketMessageRow
from app.models.tenant.ticket_view import TicketViewRow
from app.models.tenant.waitlist_entry import WaitlistEntryRow
from app.models.tenant.webhook_attempt import WebhookAttemptRow
from app.models.tenant.webhook_delivery import WebhookDeliveryRow
from app.models.tenant.webhook_endpoint import WebhookEndpointRow
from app.models.tenant.webhook_replay import WebhookReplayRow

__all__ = [
    "AppointmentRow",
    "BlockRow",
    "CannedReplyRow",
    "ClaimRow",
    "ClassSessionRow",
    "CustomerRow",
    "DeskSettingsRow",
    "EventRow",
    "IdempotencyKeyRow",
    "MediaFileRow",
    "ResourceRow",
    "ScheduleOverrideRow",
    "ScheduleRuleRow",
    "ServiceRequirementRow",
    "ServiceRow",
    "TicketMailRow",
    "TicketMessageRow",
    "TicketRow",
    "TicketViewRow",
    "WaitlistEntryRow",
    "WebhookAttemptRow",
    "WebhookDeliveryRow",
    "WebhookEndpointRow",
    "WebhookReplayRow",
]
