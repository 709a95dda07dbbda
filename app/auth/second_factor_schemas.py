"""Second factors and passkeys as they travel."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.auth.schemas import Password
from app.core.schemas import Name, RequestModel, ResponseModel

Challenge = Annotated[str, Field(max_length=100)]
Code = Annotated[str, Field(min_length=6, max_length=40, examples=["123456"])]
"""Six digits of the authenticator app, or a recovery code."""
Credential = dict[str, Any]
"""What `navigator.credentials` gave, as its `toJSON()` makes it."""


class SecondFactorRequest(RequestModel):
    challenge: Challenge
    """`params.challenge` of the log-in's answer."""
    code: Code


class PasswordConfirmation(RequestModel):
    current_password: Password


class TotpConfirmation(RequestModel):
    code: Code


class TotpRemoval(RequestModel):
    current_password: Password
    code: Code


class TotpRead(ResponseModel):
    """What an authenticator app has to be told, in three forms."""

    secret: str
    """To be typed."""
    otpauth_uri: str
    """To be opened on the phone itself."""
    qr_svg: str
    """To be scanned: an SVG picture of the address."""


class RecoveryCodesRead(ResponseModel):
    recovery_codes: list[str]
    """Shown this once. Each is good for one log-in."""


class SecondFactorRead(ResponseModel):
    totp: bool
    """Whether an authenticator app is set up."""
    recovery_codes_left: int
    passkeys: int


class PasskeyOptionsRead(ResponseModel):
    challenge: str
    """To be sent back with the passkey's answer, within five minutes."""
    public_key: dict[str, Any]
    """For `navigator.credentials`, by way of `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."""


class PasskeyCreate(RequestModel):
    name: Name
    """What to call it in the list: the device it is on, for example."""
    challenge: Challenge
    credential: Credential


class PasskeyRead(ResponseModel):
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


class PasskeysRead(ResponseModel):
    items: list[PasskeyRead]


class PasskeyLogInOptions(RequestModel):
    challenge: Challenge | None = None
    """`params.challenge` of a log-in that wants a second factor; left out to log in with the passkey alone."""


class PasskeyLogIn(RequestModel):
    challenge: Challenge
    credential: Credential
