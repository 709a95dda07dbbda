"""Handing mails over: to real servers, and to the folder that stands in for one."""

import socket
import stat
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import ValidationError

from app.integrations.smtp import DirectoryTransport, MailRefused, SmtpTransport, transport_of
from app.settings import Environment, Settings
from tests.mail.servers import PASSWORD, USER, certificate, serving

CREDENTIALS = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"


def letter(recipient: str = "grace@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "The Salon <no-reply@example.org>"
    message["To"] = recipient
    message["Subject"] = "Grüße"
    message["Message-ID"] = "<0198@example.org>"
    message.set_content("Hello.\n.\nA line with a dot alone is not the end.\n")
    return message


def transport(url: str) -> SmtpTransport:
    return SmtpTransport.of(url, greet_as="example.org")


async def refusal(url: str, message: EmailMessage | None = None) -> MailRefused:
    """Why the server of this URL does not take the mail."""
    with pytest.raises(MailRefused) as caught:
        await transport(url).send(message or letter())
    return caught.value


class TestSmtp:
    async def test_hands_a_mail_over(self) -> None:
        async with serving() as server:
            await transport(server.url).send(letter())
        (message,), (envelope,) = server.received, server.envelopes
        assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@example.org", ["grace@example.com"])
        assert (message["Subject"], message["Message-ID"]) == ("Grüße", "<0198@example.org>")
        assert message.get_content().splitlines() == letter().get_content().splitlines()

    async def test_logs_in(self) -> None:
        async with serving(authenticates=True) as server:
            url = server.url.replace("//", f"//{CREDENTIALS}@") + "?starttls=false"
            await transport(url).send(letter())
        assert len(server.received) == 1

    async def test_tries_again_after_a_wrong_password(self) -> None:
        async with serving(authenticates=True) as server:
            refused = await refusal(server.url.replace("//", "//somebody:else@") + "?starttls=false")
        assert str(refused).startswith("535 ")
        assert not refused.is_final

    async def test_sends_no_password_without_tls_unless_told_to(self) -> None:
        async with serving(authenticates=True) as server:
            refused = await refusal(server.url.replace("//", f"//{CREDENTIALS}@"))
        assert "STARTTLS" in str(refused)
        assert not refused.is_final
        assert server.received == []

    async def test_uses_starttls_where_it_is_offered(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        context, trusted = certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        async with serving(starttls=context) as server:
            await transport(server.url).send(letter())
            await transport(server.url + "?starttls=false").send(letter())
        assert server.over_tls == [True, False]

    async def test_speaks_tls_from_the_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        context, trusted = certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        async with serving(tls=context) as server:
            await transport(server.url.replace("smtp:", "smtps:")).send(letter())
        assert len(server.received) == 1

    async def test_trusts_no_certificate_that_nobody_vouches_for(self, tmp_path: Path) -> None:
        context, _ = certificate(tmp_path)
        async with serving(starttls=context) as server:
            refused = await refusal(server.url)
        assert "certificate" in str(refused).lower()
        assert not refused.is_final
        assert server.received == []

    @pytest.mark.parametrize(
        ("answer", "is_final"),
        [("450 Greylisted", False), ("550 No such user", True), ("452 Mailbox full", False), ("553 No", True)],
    )
    async def test_tells_never_from_not_now(self, answer: str, *, is_final: bool) -> None:
        async with serving() as server:
            server.rcpt_answers = [answer]
            of_recipient = await refusal(server.url)
            server.data_answers = [answer]
            of_content = await refusal(server.url)
        assert [(str(each), each.is_final) for each in (of_recipient, of_content)] == [(answer, is_final)] * 2

    async def test_gives_up_an_address_that_the_server_cannot_write(self) -> None:
        async with serving() as server:
            refused = await refusal(server.url, letter("grüße@example.com"))
        assert refused.is_final

    async def test_tries_again_when_nobody_is_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        refused = await refusal(f"smtp://127.0.0.1:{port}")
        assert "cannot be reached" in str(refused)
        assert not refused.is_final


class TestDirectory:
    async def test_keeps_a_mail_as_a_file_for_nobody_else(self, tmp_path: Path) -> None:
        await DirectoryTransport(tmp_path / "mail").send(letter("Zoë <grace@example.com>"))
        (file,) = (tmp_path / "mail").iterdir()
        assert file.name.startswith("0198-")
        assert [stat.S_IMODE(each.stat().st_mode) for each in (file.parent, file)] == [0o700, 0o600]
        message = message_from_bytes(file.read_bytes(), policy=default)
        assert (message["To"], message["Subject"]) == ("Zoë <grace@example.com>", "Grüße")

    async def test_keeps_what_several_are_told_of_once_for_each(self, tmp_path: Path) -> None:
        for recipient in ("grace@example.com", "ada@example.com", "ada@example.com"):
            await DirectoryTransport(tmp_path / "mail").send(letter(recipient))
        kept = [message_from_bytes(file.read_bytes(), policy=default) for file in (tmp_path / "mail").iterdir()]
        assert sorted(message["To"] for message in kept) == ["ada@example.com", "grace@example.com"]

    async def test_says_when_there_is_no_room(self, tmp_path: Path) -> None:
        (tmp_path / "mail").write_text("a file in its place")
        with pytest.raises(MailRefused, match="folder"):
            await DirectoryTransport(tmp_path / "mail").send(letter())


class TestSettings:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtp://mail.example", ("mail.example", None, None, None, False, None)),
            ("smtp://mail.example?starttls=true", ("mail.example", None, None, None, False, True)),
            ("smtp://mail.example:25?starttls=false", ("mail.example", 25, None, None, False, False)),
            ("smtp://ada:l%40ve@mail.example:587", ("mail.example", 587, "ada", "l@ve", False, True)),
            ("smtps://ada:love@[::1]:465", ("::1", 465, "ada", "love", True, False)),
        ],
    )
    def test_describe_a_server(self, url: str, expected: tuple[object, ...]) -> None:
        made = transport_of(Settings(_env_file=None, smtp_url=url))
        assert isinstance(made, SmtpTransport)
        assert (made.host, made.port, made.user, made.password, made.is_tls, made.starttls) == expected

    def test_without_a_server_leave_mails_in_the_data(self, tmp_path: Path) -> None:
        assert transport_of(Settings(_env_file=None, data_dir=tmp_path)) == DirectoryTransport(tmp_path / "mail")

    @pytest.mark.parametrize(
        "url", ["mail.example", "http://mail.example", "smtp://", "smtp://a b", "smtp://mail.example?starttls=perhaps"]
    )
    def test_refuse_what_is_no_mail_server(self, url: str) -> None:
        with pytest.raises(ValidationError):
            Settings(_env_file=None, smtp_url=url)

    @pytest.mark.parametrize("address", ["nobody", "Somebody <no-reply@example.com>", "a@b\r\nBcc: x@example.com"])
    def test_refuse_what_is_no_address(self, address: str) -> None:
        with pytest.raises(ValidationError):
            Settings(_env_file=None, mail_from=address)

    def test_send_from_the_root_domain_unless_told_otherwise(self) -> None:
        assert Settings(_env_file=None, root_domain="example.com").sender == "no-reply@example.com"
        assert Settings(_env_file=None, mail_from="hello@example.net").sender == "hello@example.net"

    def test_of_production_name_a_server(self) -> None:
        production: dict[str, Any] = {
            "environment": Environment.PRODUCTION,
            "secret_key": "a secret key of nobody's production",
            "public_scheme": "https",
        }
        with pytest.raises(ValidationError, match="SMTP_URL must be set"):
            Settings(_env_file=None, **production)
        Settings(_env_file=None, smtp_url="smtp://mail.example", **production)
