"""The way of a mail out of the house: over SMTP, or into a folder where there is no mail server."""

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTPUTF8
from hashlib import sha256
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.settings import Settings

_SECONDS_FOR_AN_ANSWER = 20.0
_SECONDS_IN_ALL = 60.0
_PERMANENT = range(500, 600)


class MailRefused(Exception):
    """A mail was not taken: for good, or for now."""

    def __init__(self, why: str, *, is_final: bool) -> None:
        super().__init__(why)
        self.is_final = is_final


class MailTransport(Protocol):
    """Takes mails that are ready to go: with sender, one recipient and a Message-ID."""

    async def send(self, message: EmailMessage) -> None:
        """Hand it over. Once this returns, somebody else answers for it. Raises MailRefused."""
        ...


def transport_of(settings: Settings) -> MailTransport:
    """The mail server of the settings; without one, the folder `mail` of the data."""
    if settings.smtp_url is None:
        return DirectoryTransport(settings.data_dir / "mail")
    return SmtpTransport.of(settings.smtp_url, greet_as=settings.sender.rpartition("@")[2])


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """A connection for each mail. Certificates are verified; a user's password goes through TLS, unless told not to."""

    host: str
    port: int | None
    user: str | None
    password: str | None
    is_tls: bool
    starttls: bool | None
    """Whether to insist on STARTTLS; None uses it where it is offered."""
    greet_as: str

    @classmethod
    def of(cls, url: str, *, greet_as: str) -> Self:
        """The server of a URL as the setting SMTP_URL has it, which is called as a machine of this name."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "smtps"
        said = parts.query.removeprefix("starttls=")
        return cls(
            host=parts.hostname or "",
            port=parts.port,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            is_tls=is_tls,
            starttls=False if is_tls else said == "true" if said else bool(parts.username) or None,
            greet_as=greet_as,
        )

    async def send(self, message: EmailMessage) -> None:
        """Hand it over, within a minute and some. Raises MailRefused.

        What the server says against this recipient or these words with a 5xx is final. What it has against us, our
        password or our sender's address, is not: it can be mended, and the mails that wait then go out.
        """
        try:
            async with asyncio.timeout(_SECONDS_IN_ALL):
                await aiosmtplib.send(
                    message,
                    hostname=self.host,
                    port=self.port,
                    username=self.user,
                    password=self.password,
                    local_hostname=self.greet_as,
                    use_tls=self.is_tls,
                    start_tls=self.starttls,
                    timeout=_SECONDS_FOR_AN_ANSWER,
                )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _refusal(error, message) from error


@dataclass(frozen=True, slots=True)
class DirectoryTransport:
    """The local twin: each mail becomes a file that mail programs open, for nobody else's eyes."""

    directory: Path

    async def send(self, message: EmailMessage) -> None:
        """Write it to a file named by its Message-ID and recipient: several are told the same. Raises MailRefused."""
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise MailRefused(f"The folder for mails refused it: {error.strerror}.", is_final=False) from error

    def _write(self, message: EmailMessage) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        recipient = sha256(message["To"].addresses[0].addr_spec.encode()).hexdigest()[:8]
        name = f"{message['Message-ID'].strip('<>').partition('@')[0]}-{recipient}"
        unfinished = self.directory / f".{name}"
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(message.as_bytes(policy=SMTPUTF8))
        unfinished.rename(self.directory / f"{name}.eml")


def _refusal(error: Exception, message: EmailMessage) -> MailRefused:
    match error:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[refused, *_]):
            return MailRefused(f"{refused.code} {refused.message}", is_final=refused.code in _PERMANENT)
        case aiosmtplib.SMTPDataError():
            return MailRefused(f"{error.code} {error.message}", is_final=error.code in _PERMANENT)
        case aiosmtplib.SMTPResponseException():
            return MailRefused(f"{error.code} {error.message}", is_final=False)
        case aiosmtplib.SMTPNotSupported():  # if the address is plain ASCII, it is STARTTLS that is missing
            return MailRefused(str(error), is_final=not message["To"].addresses[0].addr_spec.isascii())
        case _:
            why = str(error) or type(error).__name__
            return MailRefused(f"The mail server cannot be reached: {why}", is_final=False)
