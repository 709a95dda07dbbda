"""Who logs in to the demo."""

import base64
from dataclasses import dataclass

from app.core.crypto import Keyring
from app.demo.garage import GARAGE
from app.demo.salon import SALON
from app.tenancy.hosts import PLATFORM_LABEL

_PASSWORD_BYTES = 10  # 80 bits, sixteen letters


@dataclass(frozen=True, slots=True)
class Login:
    """A person of the demo, and the label of the host they log in at."""

    host: str
    email: str
    name: str


SUPERUSER = Login(PLATFORM_LABEL, f"root@{PLATFORM_LABEL}.example", "Robin Root")
OWNERS = tuple(Login(shop.slug, f"owner@{shop.slug}.example", shop.owner) for shop in (SALON, GARAGE))


def password_of(login: Login, keyring: Keyring) -> str:
    """The password of this installation: it follows from its secret key, so there is none to keep or to inherit."""
    digest = keyring.digest(f"demo password of {login.email}")
    letters = base64.b32encode(digest[:_PASSWORD_BYTES]).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
