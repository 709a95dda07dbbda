"""Slugs: the one label of a business's address, and the stem of its schemas' names."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from app.errors import InvalidValue

MAX_LENGTH = 40  # tenant_<slug>_sandbox stays within PostgreSQL's 63 characters

_LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MIN_LENGTH = 3
_SANDBOX_SUFFIX = "-sandbox"
RESERVED = frozenset(
    """
    about account accounts admin administrator api app apps assets auth autoconfig autodiscover billing blog booking
    calendar cdn contact console dashboard demo-api dev dns docs email events ftp git graphql help hooks host hostmaster
    imap internal internet-status kubernetes legal localhost login logout mail marketing media metrics mx news noreply
    ns1 ns2 oauth origin pay payments platform pop postmaster pricing privacy proxy public register root sales sandbox
    schedule security signin signup smooth smoothschedule smtp ssl staff staging static stats status store support
    system team tenant terms test tls traffic upload uploads vpn webhook webhooks webmail wpad www
    """.split()  # noqa: SIM905 — as a literal it would fill a page
)


def validate_slug(slug: str) -> str:
    """The slug itself, if it can be a business's address. Raises InvalidValue saying what to change."""
    if not _MIN_LENGTH <= len(slug) <= MAX_LENGTH:
        raise InvalidValue(
            "must have {least} to {most} characters", code="length", params={"least": _MIN_LENGTH, "most": MAX_LENGTH}
        )
    if not _LABEL.fullmatch(slug):
        raise InvalidValue(
            "may hold lower-case letters a-z, digits, and single hyphens between them", code="characters"
        )
    if slug in RESERVED or slug.endswith(_SANDBOX_SUFFIX) or slug.startswith("xn-"):
        raise InvalidValue("is reserved; choose another one", code="reserved")
    return slug


def schema_name(slug: str) -> str:
    """The live schema of a business made under this slug. Slugs hold no underscore, so two never share one."""
    return f"tenant_{slug.replace('-', '_')}"


Slug = Annotated[
    str,
    AfterValidator(validate_slug),
    Field(json_schema_extra={"minLength": _MIN_LENGTH, "maxLength": MAX_LENGTH, "pattern": f"^{_LABEL.pattern}$"}),
]
