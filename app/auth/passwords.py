"""Passwords: which are acceptable, and how they are kept (argon2id with the parameters OWASP recommends)."""

import asyncio
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from passlib.context import CryptContext

from app.errors import InvalidValue

MIN_LENGTH = 8
MAX_LENGTH = 256

CONTEXT_WORDS = (
    "smooth schedule",
    "super user",
    "platform",
    "manager",
    "tenant",
    "owner",
    "staff",
    "customer",
    "booking",
)
"""What anybody would try here first: no password is one of these with digits or signs about it."""

DECOY = "$argon2id$v=19$m=19456,t=2,p=1$E4KQ0rrXmvM+R2iNUarVWg$FIbU61lbhbqlON2wE38tVui0fmFW8JgcTreTtB7RinU"
"""What is verified in the place of a hash that is not there: just as much work."""

_COMMON = Path(__file__).with_name("common_passwords.txt")
_context = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19456,
    argon2__time_cost=2,
    argon2__parallelism=1,
)


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def check_length(password: str) -> str:
    """The password itself, if it is neither too short nor too long. Raises InvalidValue."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidValue(
            "must have {least} to {most} characters", code="length", params={"least": MIN_LENGTH, "most": MAX_LENGTH}
        )
    return password


def check_password(password: str, *, email: str, words: Iterable[str] = ()) -> str:
    """The password itself, if it may be used with this e-mail address. Raises InvalidValue saying what to change.

    `words` are names that belong to it as well, as the business's: like CONTEXT_WORDS they do not make a password.
    """
    check_length(password)
    if password.lower() in _common_passwords():
        raise InvalidValue("is one of the commonest passwords; choose another one", code="common")
    if password.lower() == email.lower():
        raise InvalidValue("must differ from the e-mail address", code="same-as-email")
    if _letters(password) in {_letters(word) for word in (*CONTEXT_WORDS, email.partition("@")[0], *words)} - {""}:
        raise InvalidValue("is hardly more than a name that others know; choose another one", code="guessable")
    return password


def _letters(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalpha())


async def hash_password(password: str) -> str:
    """Hash for storage, off the event loop: it takes tens of milliseconds by design."""
    return await asyncio.to_thread(_context.hash, password)


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _context.needs_update(stored)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password fits. Without a stored hash it takes just as long and is always False."""
    return await asyncio.to_thread(_context.verify, password, stored or DECOY) and stored is not None
