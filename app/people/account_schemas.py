"""What people do about their own accounts, as it travels."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from app.auth.passwords import check_password
from app.auth.schemas import NewPassword, Password, SessionRead
from app.core.schemas import Name, RequestModel, ResponseModel
from app.people.schemas import Email

Code = Annotated[str, Field(max_length=256, examples=["Yk3Qm7…"])]
"""What stands behind the `#` of the link in a mail."""


class PersonCreate(RequestModel):
    email: Annotated[Email, Field(examples=["ada@lovelace.example"])]
    name: Annotated[Name, Field(examples=["Ada Lovelace"])]
    password: NewPassword

    @field_validator("password")
    @classmethod
    def _acceptable_password(cls, password: str, others: ValidationInfo) -> str:
        return check_password(password, email=others.data.get("email", ""))


class SignUp(RequestModel):
    email: Annotated[Email, Field(examples=["ada@lovelace.example"])]
    name: Annotated[Name, Field(examples=["Ada Lovelace"])]


class MailSentRead(ResponseModel):
    """The same answer whatever is known of the address."""

    detail: str


MAIL_SENT = MailSentRead(detail="If there is something to send, a mail is on its way. Its link says what to do next.")


class ArrivalRead(ResponseModel):
    """What a link from a mail has led to."""

    session: SessionRead | None
    """As a log-in answers it. Null where one has to log in: the link does not do so, or a second factor is wanted."""


class CodeUse(RequestModel):
    token: Code


class SignUpCompletion(RequestModel):
    token: Code
    password: NewPassword


class ForgottenPassword(RequestModel):
    email: Email


class PasswordReset(RequestModel):
    token: Code
    password: NewPassword


class PasswordChange(RequestModel):
    current_password: Password
    new_password: NewPassword


class EmailChange(RequestModel):
    email: Email
    """The new address."""
    current_password: Password


class EmailChangeRead(ResponseModel):
    is_complete: bool
    """False as long as the other address has not agreed."""
