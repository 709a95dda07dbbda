"""404: there is no such thing, or none that the caller may know of."""

from app.errors.problem import Problem


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
    """There is no such API token.

    It was revoked, or belongs to another business or to the other mode: test tokens are found in the sandbox.
    """


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


class EventTypeNotFound(NotFound):
    """There is no such event type.

    `GET /api/v1/event-types` lists those that there are.
    """


class EventNotFound(NotFound):
    """There is no such event.

    It may be older than the history that the subscription keeps.
    """


class DeliveryNotFound(NotFound):
    """There is no such delivery.

    `GET /api/v1/webhook-endpoints/{id}/deliveries` lists what was sent to an endpoint.
    """


class ReplayNotFound(NotFound):
    """There is no such replay.

    `GET /api/v1/webhook-endpoints/{id}/replays` lists those that there are.
    """


class ClassSessionNotFound(NotFound):
    """There is no such session of a class.

    `GET /api/v1/class-sessions` lists those that there are.
    """


class WaitlistEntryNotFound(NotFound):
    """There is no such entry of the waitlist.

    `GET /api/v1/waitlist` lists those that there are.
    """


class TicketNotFound(NotFound):
    """There is no such ticket.

    It is none of this business in this mode, or none that you may see.
    """


class CannedReplyNotFound(NotFound):
    """There is no such canned reply.

    `GET /api/v1/canned-replies` lists those that there are.
    """


class TicketViewNotFound(NotFound):
    """There is no such view.

    It is somebody else's own, or none of this business in this mode. `GET /api/v1/ticket-views` lists yours.
    """


class MediaFileNotFound(NotFound):
    """There is no such file.

    It was deleted, or it is none that you may see.
    """


class DomainNotFound(NotFound):
    """There is no such domain.

    `GET /api/v1/domains` lists those of this business.
    """


class UserNotFound(NotFound):
    """There is no such user."""


class InvitationNotFound(NotFound):
    """There is no such invitation.

    It may have been accepted or withdrawn.
    """


class SessionNotFound(NotFound):
    """There is no such session.

    It may have ended already.
    """


class PasskeyNotFound(NotFound):
    """There is no such passkey."""


class GrantNotFound(NotFound):
    """There is no such permission grant."""


class NotificationNotFound(NotFound):
    """There is no such notification."""


class TierNotFound(NotFound):
    """There is no such tier."""
