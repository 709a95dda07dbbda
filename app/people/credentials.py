"""Passwords that people choose where only the database knows whose they are."""

from app.auth.passwords import check_password, hash_password
from app.errors import InvalidValue, ValidationFailed
from app.tenancy.tenant import Tenant


async def hash_chosen(password: str, *, email: str, tenant: Tenant | None, pointer: str = "/password") -> str:
    """The hash of a new password. Raises ValidationFailed, pointing at the field, for one that may not be used."""
    try:
        check_password(password, email=email, words=[tenant.name, tenant.slug] if tenant else [])
    except InvalidValue as error:
        raise ValidationFailed(errors=[error.at(pointer)]) from error
    return await hash_password(password)
