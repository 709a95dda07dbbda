"""The headers that an endpoint is sent besides ours, as a key of the receiver's own."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from app.errors import InvalidValue

MOST = 20
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, section 5.6.2
_VALUE = re.compile(r"[!-~]([ -~\t]{0,998}[!-~])?")
_OURS = frozenset(
    (
        *("accept-encoding", "connection", "content-length", "content-type", "cookie", "date", "expect", "host"),
        *("keep-alive", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        "user-agent",
    )
)
_OUR_PREFIX = "webhook-"


def _checked(headers: dict[str, str]) -> dict[str, str]:
    seen = set()
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise InvalidValue(
                "'{name}' is no name of a header: it has up to 100 letters, digits and hyphens",
                code="header-name",
                params={"name": name[:100]},
            )
        if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIX):
            raise InvalidValue("the header {name} is set by us", code="reserved", params={"name": name})
        if name.lower() in seen:
            raise InvalidValue("the header {name} is there twice", code="repeated", params={"name": name})
        if not _VALUE.fullmatch(value):
            raise InvalidValue(
                "the header {name} needs a value of 1 to 1,000 visible ASCII characters, with spaces between them",
                code="header-value",
                params={"name": name},
            )
        seen.add(name.lower())
    return headers


CustomHeaders = Annotated[
    dict[str, str],
    AfterValidator(_checked),
    Field(
        max_length=MOST,
        examples=[{"X-Api-Key": "a key of your own"}],
        json_schema_extra={
            "propertyNames": {"pattern": f"^{_NAME.pattern}$"},
            "additionalProperties": {"type": "string", "pattern": f"^{_VALUE.pattern}$", "maxLength": 1000},
        },
    ),
]
"""Names and values; at most 20. The values are never shown again."""
