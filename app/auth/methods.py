"""How somebody has shown who they are."""

from enum import StrEnum


class Method(StrEnum):
    """What a session remembers of its log-in: the values of RFC 8176 where it has one that fits."""

    PASSWORD = "pwd"  # noqa: S105 — the name of a method # nosec B105
    OTP = "otp"
    RECOVERY_CODE = "recovery"
    PASSKEY = "webauthn"
    LINK = "link"
