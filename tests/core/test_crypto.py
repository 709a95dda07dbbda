"""What is sealed stays closed to others, and every key serves one purpose."""

import base64

import pytest
from cryptography.fernet import Fernet

from app.core.crypto import Keyring, UnsealError

KEYRING = Keyring("a secret key that only the tests know of")
OTHER = Keyring("another secret key than the tests' own")


class TestSeal:
    def test_can_be_read_again_under_the_same_key(self) -> None:
        assert KEYRING.unseal(KEYRING.seal("whsec_ä")) == "whsec_ä"

    def test_looks_different_each_time(self) -> None:
        assert KEYRING.seal("secret") != KEYRING.seal("secret")

    def test_says_how_it_was_made(self) -> None:
        way, _, text = KEYRING.seal("secret").partition(".")
        assert way == "aes256gcm"
        assert len(base64.urlsafe_b64decode(text)) == 12 + len("secret") + 16


class TestUnseal:
    def test_is_refused_under_another_key(self) -> None:
        with pytest.raises(UnsealError):
            OTHER.unseal(KEYRING.seal("secret"))

    def test_notices_a_change_of_any_byte(self) -> None:
        way, _, text = KEYRING.seal("secret").partition(".")
        raw = base64.urlsafe_b64decode(text)
        for place in range(len(raw)):
            altered = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
            with pytest.raises(UnsealError):
                KEYRING.unseal(f"{way}.{base64.urlsafe_b64encode(altered).decode()}")

    @pytest.mark.parametrize("sealed", ["", "secret", "aes256gcm.", "aes256gcm.AAAA", "aes256gcm.ä", "rot13.frperg"])
    def test_refuses_what_was_never_sealed(self, sealed: str) -> None:
        with pytest.raises(UnsealError):
            KEYRING.unseal(sealed)

    def test_still_reads_what_the_first_release_sealed(self) -> None:
        key = base64.urlsafe_b64encode(KEYRING._derive("seal"))  # noqa: SLF001 — as that release had it
        assert KEYRING.unseal(Fernet(key).encrypt(b"secret").decode()) == "secret"


class TestKeys:
    def test_differ_by_purpose_and_by_installation(self) -> None:
        made = [
            KEYRING.digest("x"),
            KEYRING.mac("a", b"x"),
            KEYRING.mac("b", b"x"),
            OTHER.digest("x"),
            OTHER.mac("a", b"x"),
        ]
        assert len(set(made)) == len(made)
        assert KEYRING.signing_key != OTHER.signing_key
