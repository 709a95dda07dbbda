"""`masquerade.log` and `security.log`: the trail as JSON lines, for whoever watches files.

Several processes write the same files; the handler takes turns with them by a lock, also while it rotates.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import orjson
from concurrent_log_handler import ConcurrentRotatingFileHandler

from app.audit.context import AuditContext
from app.audit.events import AuditEvent
from app.audit.redaction import as_json
from app.settings import Settings

MASQUERADE, SECURITY = "masquerade.log", "security.log"
FILES = (MASQUERADE, SECURITY)

_ACTIONS = MappingProxyType(
    {
        AuditEvent.MASQUERADE_STARTED: "HIJACK_START",
        AuditEvent.MASQUERADE_ENDED: "HIJACK_END",
        AuditEvent.MASQUERADE_DENIED: "HIJACK_DENIED",
    }
)
_HASHES = frozenset({"previous_hash", "hash"})
_PERMISSIONS = 0o640  # the lines name people
_log = logging.getLogger(__name__)


class LogsUnwritable(Exception):
    """The log files cannot be written; the message says which, why, and what helps."""


class LogFiles:
    """The two files in their directory. They are opened with the first line, or by `open`."""

    def __init__(self, directory: Path, *, max_bytes: int, backups: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._backups = backups
        self._handlers: dict[str, _Handler] = {}

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The files that the settings name."""
        return cls(settings.log_dir, max_bytes=settings.log_max_bytes, backups=settings.log_backups)

    def open(self) -> None:
        """Make the directory and the files, if they are not there. Raises LogsUnwritable."""
        if self._handlers:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                os.close(os.open(self._directory / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PERMISSIONS))
            if not os.access(self._directory, os.W_OK | os.X_OK):
                raise PermissionError(None, "new files are not allowed", str(self._directory))
        except OSError as error:
            raise LogsUnwritable(
                f"{error.filename} cannot be written ({error.strerror}). Let the user with the id {os.geteuid()} write "
                "there, or name another directory for the log files in LOG_DIR."
            ) from error
        self._handlers = {name: self._handler(name) for name in FILES}

    def write(self, name: str, line: Mapping[str, Any]) -> None:
        """Append a line. What cannot be written is told to the application's own log; nothing is raised."""
        self.open()
        text = orjson.dumps(line, default=as_json, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
        self._handlers[name].handle(logging.makeLogRecord({"msg": text}))

    def close(self) -> None:
        """Close the files. They open again if need be."""
        for handler in self._handlers.values():
            handler.close()
        self._handlers = {}

    def _handler(self, name: str) -> "_Handler":
        return _Handler(
            self._directory / name,
            maxBytes=self._max_bytes,
            backupCount=self._backups,
            encoding="utf-8",
            chmod=_PERMISSIONS,
        )


class _Handler(ConcurrentRotatingFileHandler):
    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 — logging's name
        _log.error("a line could not be written to %s", self.baseFilename, exc_info=True)


def line_of(row: Mapping[str, Any], context: AuditContext) -> tuple[str, dict[str, Any]]:
    """The file that an entry belongs to, and its line there, with the ids by which the entry is found in the trail."""
    action = _ACTIONS.get(row["event"])
    if action is None:
        known = {name: value for name, value in row.items() if value is not None and name not in _HASHES}
        chain_id, at = known.pop("chain_id"), known.pop("at")
        return SECURITY, {"timestamp": at, **known, "chain": chain_id}
    return MASQUERADE, {
        "timestamp": row["at"],
        "action": action,
        "hijacker_email": context.actor_email,
        "hijacked_email": context.user_email,
        "ip_address": row["ip_address"],
        "session_key": row["session_id"],
        "reason": row["reason"],
        "request_id": row["request_id"],
        "hijacker_id": row["actor_id"],
        "hijacked_id": row["user_id"],
        "tenant_id": row["tenant_id"],
        "chain": row["chain_id"],
        "seq": row["seq"],
    }
