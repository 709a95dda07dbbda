"""422: understood, and not acceptable."""

from app.errors.problem import Problem


class ValidationFailed(Problem):
    """Some of the input is not valid.

    `errors` lists each field with what is wrong.
    """

    status = 422


class SlotUnavailable(ValidationFailed):
    """This start is not offered.

    The detail says why. Ask `GET /api/v1/availability` for the times that are.
    """


class MediaFileRefused(ValidationFailed):
    """The file cannot be taken.

    The detail says why; `params` has the `reason` for programs. What was uploaded is thrown away.
    """


class RangeTooLong(ValidationFailed):
    """The range is too long.

    One request covers at most 62 days.
    """


class IdempotencyKeyReused(ValidationFailed):
    """This `Idempotency-Key` belongs to another request.

    A key is for one request, and for that request sent again unchanged. Take a new one.
    """
