"""The statuses that have one problem each."""

from app.errors.problem import Problem
from app.errors.sentences import Sentence


class MethodNotAllowed(Problem):
    """This address does not take that method.

    The `Allow` header lists the methods it takes.
    """

    status = 405


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


class SocketMessageTooLarge(Problem):
    """The message is too large.

    What is said to the socket may have 4096 bytes.
    """

    status = 413


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

    def __init__(self, detail: str | Sentence | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class TierLimit(Problem):
    """The subscription does not cover this.

    The detail names the limit, and `params` the tiers that would lift it.
    """

    status = 402


class LinkInvalid(Problem):
    """The link has expired or has been used.

    Each works once and for a limited time. Ask for a new one.
    """

    status = 410


class RateLimited(Problem):
    """Too many requests.

    Wait as long as `Retry-After` says, in seconds, then go on. `RateLimit` tells with every answer what remains.
    """

    status = 429

    def __init__(
        self, detail: str | Sentence | None = None, *, retry_after: int = 1, quota: int = 60, window: int = 60
    ) -> None:
        params = {"retry_after": retry_after, "quota": quota, "window": window}
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, params=params)


class SocketLimit(Problem):
    """There are as many sockets as there may be.

    Close one that is no longer used.
    """

    status = 429


class TooManyAttempts(Problem):
    """Too many attempts have failed.

    Wait as long as `Retry-After` says, in seconds, then try again.
    """

    status = 429

    def __init__(self, detail: str | Sentence | None = None, *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, params={"retry_after": retry_after})
