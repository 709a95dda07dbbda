from importlib.resources import files

import pytest

from app.auth.passwords import MIN_LENGTH, check_password, hash_password, verify_password
from tests.actors import PASSWORD, Platform


class TestCheckPassword:
    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("short", "8 to 256"),
            ("x" * 257, "8 to 256"),
            ("Password", "commonest"),
            ("football", "commonest"),
            ("Ada@Lovelace.example", "e-mail"),
            ("Ada-1815-12-10", "a name that others know"),
            ("SmoothSchedule2026!", "a name that others know"),
            ("Salon Anna 1", "a name that others know"),
        ],
    )
    def test_refuses_with_a_reason(self, password: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            check_password(password, email="ada@lovelace.example", words=["Salon Anna"])

    def test_takes_a_long_phrase_in_any_script(self) -> None:
        assert check_password("пароль, который никто не знает " * 3, email="a@b.example")

    @pytest.mark.parametrize("password", ["89374650", "lower case letters", "ANNA HAS A SALON", "?!?!?!§§§"])
    def test_wants_no_particular_kinds_of_characters(self, password: str) -> None:
        assert check_password(password, email="1@b.example", words=["Salon Anna"]) == password

    def test_knows_the_3000_commonest_that_are_long_enough(self) -> None:
        common = (files("app.auth") / "common_passwords.txt").read_text().split()
        assert len({password for password in common if len(password) >= MIN_LENGTH}) >= 3000
        for password in common:
            with pytest.raises(ValueError, match="commonest"):
                check_password(password.title(), email="a@b.example")


@pytest.mark.usefixtures("real_hashes")
class TestVerifyPassword:
    async def test_knows_the_right_one(self) -> None:
        stored = await hash_password("correct horse battery")
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await verify_password("correct horse battery", stored)
        assert not await verify_password("wrong horse battery", stored)

    async def test_nobody_has_no_password(self) -> None:
        assert not await verify_password("nobody has this password", None)


class TestPassword:
    @pytest.mark.parametrize("password", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1]])
    async def test_counts_to_the_letter_and_the_last_space(self, platform: Platform, password: str) -> None:
        business = await platform.sign_up()
        for sent, status in ((password, 401), (PASSWORD, 200)):
            answer = await business.anonymous.post(
                "/api/v1/auth/login", json={"email": business.email, "password": sent}
            )
            assert answer.status_code == status

    async def test_may_begin_and_end_with_spaces(self, platform: Platform) -> None:
        owner = {"email": "space@salon.example", "name": "Olga Owner", "password": f"  {PASSWORD}  "}
        await platform.superuser.post("/api/v1/platform/tenants", json={"name": "S", "slug": "spaces", "owner": owner})
        anonymous = platform.at("spaces.localhost")
        for password, status in ((PASSWORD, 401), (owner["password"], 200)):
            answer = await anonymous.post("/api/v1/auth/login", json={"email": owner["email"], "password": password})
            assert answer.status_code == status

    async def test_of_an_owner_is_not_the_name_of_the_business(self, platform: Platform) -> None:
        owner = {"email": "owner@salon.example", "name": "Olga Owner", "password": "Salon-Anna-2026"}
        body = {"name": "Salon Anna", "slug": "anna", "owner": owner}
        answer = await platform.superuser.post("/api/v1/platform/tenants", json=body)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["pointer"]) == (422, "/owner/password")
        assert error["code"] == "guessable"
