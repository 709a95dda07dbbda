"""400: what cannot be understood."""

from app.errors.problem import Problem


class BadRequest(Problem):
    """The request cannot be understood."""

    status = 400


class MalformedJson(BadRequest):
    """The body is not valid JSON.

    Send a JSON document (RFC 8259) with `Content-Type: application/json`.
    """


class CursorInvalid(BadRequest):
    """The cursor is not one that this list gave out.

    Leave `cursor` out to start from the beginning, or pass `next_cursor` of the previous page unchanged, with the same
    `sort`.
    """


class SandboxClockRefused(BadRequest):
    """`Sandbox-Now` is refused in live mode.

    Live bookings follow the real clock. Use a test token (`ss_test_…`), or leave the header out.
    """


class ClockInvalid(BadRequest):
    """`Sandbox-Now` is not an instant.

    Send an RFC 3339 instant with an offset, for example `2026-11-01T09:00:00Z`.
    """


class VersionUnknown(BadRequest):
    """There is no such version of the API.

    Send one of the versions that the detail names in `Smooth-Version`, or leave the header out.
    """


class IdempotencyKeyInvalid(BadRequest):
    """The `Idempotency-Key` is not one.

    Send 1 to 255 visible ASCII characters, for example a random UUID.
    """
