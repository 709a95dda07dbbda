"""The demo businesses' customers."""

import unicodedata
from random import Random

from app.demo.description import Shop
from app.people.schemas import CustomerCreate

_PROVIDERS = ("mail.example", "post.example", "inbox.example")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_NOTES = ("Prefers mornings.", "Likes to be reminded the day before.", "Pays in cash.", "Allergic to nickel.")
_SHARE_WITH_NOTE = 0.1
_SHARE_WITHOUT_PHONE = 0.05


def invent(shop: Shop, count: int, chance: Random) -> list[CustomerCreate]:
    """Customers with names that differ, addresses that reach nobody and numbers that ring nowhere."""
    names = chance.sample([f"{first} {last}" for first in shop.first_names for last in shop.last_names], count)
    return [
        CustomerCreate(
            name=name,
            email=f"{_mailbox(name)}@{chance.choice(_PROVIDERS)}",
            phone=None if chance.random() < _SHARE_WITHOUT_PHONE else shop.phone.format(number),
            notes=chance.choice(_NOTES) if chance.random() < _SHARE_WITH_NOTE else "",
        )
        for number, name in enumerate(names)
    ]


def _mailbox(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(_UMLAUTS))
    return plain.encode("ascii", "ignore").decode().replace(" ", ".")
