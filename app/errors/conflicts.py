"""409: right in itself, but not as things stand."""

from app.errors.problem import Problem


class Conflict(Problem):
    """The request conflicts with what is there."""

    status = 409


class SlugTaken(Conflict):
    """Another business uses this slug.

    Choose another one; it becomes part of the business's web address.
    """


class DomainTaken(Conflict):
    """Another business has this domain.

    Whoever owns the name can let it go there first.
    """


class UploadIncomplete(Conflict):
    """The file has not been uploaded, or not as a whole.

    Upload it as `upload` in the answer to its announcement says, and complete it then.
    """


class MediaFileLimit(Conflict):
    """You have as many files as you may that belong to nothing.

    What is announced or uploaded counts until it is used or deleted: 50 files, or 250 MiB.
    """


class MediaFileInUse(Conflict):
    """The file belongs to something.

    A logo or an avatar is taken away where it is shown; what was sent with a message stays with it.
    """


class EmailTaken(Conflict):
    """Someone here already uses this e-mail address.

    Log in with it, or use another address.
    """


class AlreadyInvited(Conflict):
    """An invitation to this e-mail address is open.

    `POST /api/v1/invitations/{id}/resend` sends it again; withdraw it to invite to something else.
    """


class SlotTaken(Conflict):
    """Someone else has just booked this time.

    Ask `GET /api/v1/availability` for the times that are free now.
    """


class ResourceBusy(Conflict):
    """The resource has an appointment or a block in that time.

    Reschedule or cancel what is there first.
    """


class TicketMerged(Conflict):
    """The ticket was merged into another one.

    The detail names that one. All that was said is there, and it goes on there.
    """


class InvalidTransition(Conflict):
    """The status does not allow this.

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


class DeliveryPending(Conflict):
    """This delivery is still on its way.

    It is attempted by itself: `next_attempt_at` says when.
    """


class WebhookEndpointDisabled(Conflict):
    """Nothing is sent to this webhook endpoint: it is disabled.

    `PATCH /api/v1/webhook-endpoints/{id}` with `is_enabled` enables it.
    """


class ReplayRunning(Conflict):
    """A replay to this webhook endpoint is under way.

    Wait for its end, or cancel it.
    """


class AlreadyMasquerading(Conflict):
    """You are masquerading already.

    End it with `DELETE /api/v1/masquerade` first.
    """


class NotMasquerading(Conflict):
    """You are not masquerading.

    There is nothing to end.
    """


class SecondFactorPresent(Conflict):
    """An authenticator app is set up already.

    Remove it first, if you want another one.
    """


class SecondFactorMissing(Conflict):
    """No authenticator app is set up.

    `POST /api/v1/me/totp` begins.
    """


class LastOwner(Conflict):
    """The business would be left without an owner.

    Make somebody else an owner first.
    """


class TokenLimit(Conflict):
    """The business has as many API tokens as it may have.

    Revoke one that is no longer used.
    """


class ListenerLimit(Conflict):
    """The business has as many listeners as it may have.

    End one that is no longer used.
    """


class TokenExpired(Conflict):
    """The token has expired.

    Make a new one.
    """


class PasskeyLimit(Conflict):
    """The account has as many passkeys as it may have.

    Delete one that is no longer used.
    """


class IdempotencyKeyInUse(Conflict):
    """A request with this `Idempotency-Key` is being worked on.

    Send it again in a moment: once the other one has succeeded, this one gets its answer.
    """
