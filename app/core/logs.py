"""The application's own log: lines on standard error, each with the id of the request or job it belongs to.

No line holds what is in a row: PostgreSQL's errors quote it in their DETAIL, which is withheld here.
"""

import logging
import re
from collections.abc import Iterator
from contextvars import ContextVar
from copy import copy

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.orjson import OrjsonFormatter

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""What is being worked on: the request or the job."""

_TEXT = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
_FIELDS = ("levelname", "name", "message", "request_id")
_NAMES = {"levelname": "level", "name": "logger"}
_IGNORED = (*RESERVED_ATTRS, "color_message")
_TALKATIVE = ("app", "uvicorn")
_DETAIL = re.compile(r"(DETAIL: +).*")
_NEW_LINE = r"(?:\n|\\n)[ |]*"
_WITHHELD = "withheld"


def configure(*, as_json: bool) -> None:
    """Have everything that this process logs written to standard error: as JSON lines, or as text for people."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(as_json=as_json))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO)


def formatter(*, as_json: bool) -> logging.Formatter:
    """What makes lines of records."""
    if as_json:
        return _Discreet(OrjsonFormatter(_FIELDS, rename_fields=_NAMES, reserved_attrs=_IGNORED, timestamp=True))
    return _Discreet(logging.Formatter(_TEXT))


class _Discreet(logging.Formatter):
    """Names the request, and takes values out of message and traceback, before the formatter within sees them."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """The line. The record itself stays as it is, for other handlers."""
        clean = copy(record)
        clean.request_id = getattr(record, "request_id", None) or REQUEST_ID.get()
        error = record.exc_info[1] if record.exc_info else None
        arguments = record.args.values() if isinstance(record.args, dict) else record.args or ()
        named = [each for each in (error, *arguments) if isinstance(each, BaseException)]
        clean.msg, clean.args = _without_details(record.getMessage(), named), None
        if record.exc_info:
            clean.exc_info = None
            clean.exc_text = _without_details(self.formatException(record.exc_info), named)
        return self._inner.format(clean)


def _without_details(text: str, errors: list[BaseException]) -> str:
    for error in errors:
        for detail in _details(error):
            # Several lines, perhaps, which a group of errors indents.
            lines = _NEW_LINE.join(map(re.escape, detail.split("\n")))
            text = re.sub(lines, _WITHHELD, text)
    return _DETAIL.sub(rf"\1{_WITHHELD}", text)


def _details(error: BaseException) -> Iterator[str]:
    """What PostgreSQL says in detail, of this error and of all that led to it."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        detail = getattr(each, "detail", None)
        if hasattr(each, "sqlstate") and isinstance(detail, str) and detail:
            yield detail
        led_to_it = (each.__cause__, each.__context__, *getattr(each, "exceptions", ()))
        waiting += [other for other in led_to_it if isinstance(other, BaseException)]
