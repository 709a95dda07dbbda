import pytest

from app.auth.passwords import check_password, hash_password, verify_password


class TestCheckPassword:
    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("short", "8 to 256"),
            ("x" * 257, "8 to 256"),
            ("Password", "commonest"),
            ("football", "commonest"),
            ("Ada@Lovelace.example", "e-mail"),
        ],
    )
    def test_refuses_with_a_reason(self, password: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            check_password(password, email="ada@lovelace.example")

    def test_takes_a_long_phrase_in_any_script(self) -> None:
        assert check_password("пароль, который никто не знает " * 3, email="a@b.example")


class TestVerifyPassword:
    async def test_knows_the_right_one(self) -> None:
        stored = await hash_password("correct horse battery")
        assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await verify_password("correct horse battery", stored)
        assert not await verify_password("wrong horse battery", stored)

    async def test_nobody_has_no_password(self) -> None:
        assert not await verify_password("nobody has this password", None)
