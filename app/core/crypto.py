"""Digests, sealed secrets and random text, all keyed by the installation's secret key."""

import base64
import hmac
import secrets
import string
import zlib

from cryptography.fernet import Fernet, InvalidToken

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CRC32_DIGITS = 6


class UnsealError(Exception):
    """A sealed value was made with another secret key, or was altered."""


class Keyring:
    """Derives one key for each purpose, so that no key serves two."""

    def __init__(self, secret_key: str) -> None:
        self._secret = secret_key.encode()
        self._digest_key = self._derive("digest")
        self._fernet = Fernet(base64.urlsafe_b64encode(self._derive("seal")))
        self.signing_key = self._derive("jwt").hex()

    def _derive(self, purpose: str) -> bytes:
        return hmac.digest(self._secret, f"smoothschedule:{purpose}".encode(), "sha256")

    def digest(self, value: str) -> bytes:
        """Keyed SHA-256 of a high-entropy secret: what the database keeps of a token."""
        return hmac.digest(self._digest_key, value.encode(), "sha256")

    def seal(self, value: str) -> str:
        """Encrypt a secret that has to be readable again."""
        return self._fernet.encrypt(value.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt what `seal` made. Raises UnsealError."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise UnsealError("sealed with another secret key") from error


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
