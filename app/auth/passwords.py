"""Passwords: which are acceptable, and how they are kept (argon2id with the parameters OWASP recommends)."""

import asyncio
from functools import cache
from pathlib import Path

from passlib.context import CryptContext

MIN_LENGTH = 8
MAX_LENGTH = 256

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


@cache
def _decoy() -> str:
    return _context.hash("nobody has this password")


def check_password(password: str, *, email: str) -> str:
    """The password itself, if it may be used with this e-mail address. Raises ValueError saying what to change."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise ValueError(f"must have {MIN_LENGTH} to {MAX_LENGTH} characters")
    if password.lower() in _common_passwords():
        raise ValueError("is one of the commonest passwords; choose another one")
    if password.lower() == email.lower():
        raise ValueError("must differ from the e-mail address")
    return password


async def hash_password(password: str) -> str:
    """Hash for storage, off the event loop: it takes tens of milliseconds by design."""
    return await asyncio.to_thread(_context.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password fits. Without a stored hash it takes just as long and is always False."""
    reference = stored or await asyncio.to_thread(_decoy)
    return await asyncio.to_thread(_context.verify, password, reference) and stored is not None
