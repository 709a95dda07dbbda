"""Getting into the back office by a passkey. The page names the challenge; its script asks and answers at the API."""

import re

import pytest
from fastapi import FastAPI

from app.auth.roles import Role
from tests.actors import PASSWORD
from tests.admin.conftest import Hire
from tests.admin.office import HOST, OWN_PAGE, Office, words
from tests.auth.authenticator import Authenticator

API = "/api/v1"


async def add_passkey(app: FastAPI, office: Office) -> Authenticator:
    """Add one to the account of somebody who is logged in."""
    passkey = Authenticator(app.state.runtime.settings.origin(HOST))
    csrf = (await office.client.get(f"{API}/me")).json()["csrf_token"]
    headers = OWN_PAGE | {"X-CSRF-Token": csrf}
    wanted = {"current_password": PASSWORD}
    options = (await office.client.post(f"{API}/me/passkeys/options", json=wanted, headers=headers)).json()
    body = {"challenge": options["challenge"], "name": "Key ring", "credential": passkey.make(options["public_key"])}
    answer = await office.client.post(f"{API}/me/passkeys", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return passkey


async def use(office: Office, passkey: Authenticator, pending: str) -> int:
    """Do what the page's script does; the status of the answer."""
    body = {"challenge": pending} if pending else {}
    options = (await office.client.post(f"{API}/auth/passkey/options", json=body, headers=OWN_PAGE)).json()
    answer = {"challenge": options["challenge"], "credential": passkey.answer(options["public_key"])}
    return (await office.client.post(f"{API}/auth/passkey", json=answer, headers=OWN_PAGE)).status_code


def asked(text: str) -> tuple[str, str]:
    """The challenge that the page's passkey is to go on from, and where it leads."""
    found = re.search(r'data-passkey data-challenge="([^"]*)" data-landing="([^"]*)"', text)
    assert found, text
    return found[1], found[2]


@pytest.fixture
async def keyring(app: FastAPI, superuser: Office) -> Authenticator:
    """The only second factor of the superuser, who is logged out."""
    passkey = await add_passkey(app, superuser)
    superuser.client.cookies.clear()
    return passkey


class TestPasskey:
    async def test_is_asked_for_after_the_password(self, superuser: Office, keyring: Authenticator) -> None:
        page = await superuser.log_in(next="/admin/users")
        assert page.status_code == 200
        assert 'name="code"' not in page.text
        pending, landing = asked(page.text)
        assert landing == "/admin/users"
        assert await use(superuser, keyring, pending) == 200
        assert (await superuser.open("/users")).status_code == 200

    async def test_logs_in_alone(self, superuser: Office, keyring: Authenticator) -> None:
        pending, landing = asked((await superuser.open("/login", next="//evil.example")).text)
        assert (pending, landing) == ("", "/admin/")
        assert await use(superuser, keyring, pending) == 200
        assert (await superuser.open("/users")).status_code == 200

    async def test_is_one_way_beside_an_app(self, app: FastAPI, superuser: Office) -> None:
        codes = await superuser.set_up_app()
        passkey = await add_passkey(app, superuser)
        superuser.client.cookies.clear()
        page = await superuser.log_in()
        pending, _ = asked(page.text)
        fields = {"challenge": pending, "methods": "totp recovery_code passkey"}
        page = await superuser.post("/login/code", code="000000", **fields)
        assert page.status_code == 401
        assert asked(page.text)[0] == pending
        assert await use(superuser, passkey, pending) == 200
        assert (await superuser.post("/login/code", code=codes[0], **fields)).status_code == 410

    @pytest.mark.usefixtures("keyring")
    async def test_somebody_elses_opens_nothing(self, app: FastAPI, hire: Hire, superuser: Office) -> None:
        other = await hire(Role.PLATFORM_SALES)
        theirs = await add_passkey(app, other)
        pending, _ = asked((await superuser.log_in()).text)
        assert await use(superuser, theirs, pending) == 401
        assert (await superuser.open("/users")).status_code == 303

    async def test_is_not_offered_for_a_log_in_that_has_only_an_app(self, superuser: Office) -> None:
        await superuser.set_up_app()
        superuser.client.cookies.clear()
        page = await superuser.log_in()
        assert "data-passkey" not in page.text
        assert 'name="code"' in page.text

    @pytest.mark.usefixtures("keyring")
    async def test_says_what_it_needs_where_there_are_no_scripts(self, superuser: Office) -> None:
        assert "A passkey needs a newer browser, with scripts." in words(await superuser.log_in())
