"""Digests, sealed secrets and random text, all keyed by the installation's secret key."""

import base64
import hmac
import secrets
import string
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CRC32_DIGITS = 6
_SEALED_BY = "aes256gcm"
_NONCE_BYTES = 12


class UnsealError(Exception):
    """A sealed value was made with another secret key, or was altered."""


class Keyring:
    """Derives one key for each purpose, so that no key serves two."""

    def __init__(self, secret_key: str) -> None:
        self._secret = secret_key.encode()
        self._digest_key = self._derive("digest")
        self._cipher = AESGCM(self._derive(f"seal:{_SEALED_BY}"))
        self._former_cipher = Fernet(base64.urlsafe_b64encode(self._derive("seal")))
        self.signing_key = self._derive("jwt").hex()

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, f"smoothschedule:{purpose}".encode(), "sha256")

    def digest(self, value: str) -> bytes:
        """Keyed SHA-256 of a high-entropy secret: what the database keeps of a token."""
        return hmac.digest(self._digest_key, value.encode(), "sha256")

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Keyed SHA-256 of data that may be read but not made up, with a key that serves this purpose alone."""
        return hmac.digest(self._derive(f"mac:{purpose}"), data, "sha256")

    def seal(self, value: str, *, about: str = "") -> str:
        """Encrypt a secret that has to be readable again. The text says how, so that another way can follow.

        It is unsealed only by whoever says again what it is about, so that it opens nowhere but where it belongs.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, value.encode(), about.encode())
        return f"{_SEALED_BY}.{base64.urlsafe_b64encode(sealed).decode()}"

    def unseal(self, sealed: str, *, about: str = "") -> str:
        """Decrypt what `seal` made, now or in earlier versions. Raises UnsealError."""
        way, _, text = sealed.rpartition(".")
        try:
            if way != _SEALED_BY:
                return self._former_cipher.decrypt(sealed.encode()).decode()
            raw = base64.urlsafe_b64decode(text)
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], about.encode()).decode()
        except (InvalidTag, InvalidToken, ValueError) as error:
            raise UnsealError("sealed with another secret key, or altered") from error


def random_base62(length: int) -> str:
    """Uniformly random base62 text."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def crc32_base62(value: str) -> str:
    """CRC-32 of the text as six base62 digits, zero-padded (the checksum GitHub's tokens carry)."""
    number = zlib.crc32(value.encode())
    digits = ""
    while number:
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits.rjust(_CRC32_DIGITS, BASE62[0])
