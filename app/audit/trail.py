"""Writing what was recorded: just before the commit, in order, each entry chained to the one before."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.chain import GENESIS, Head
from app.audit.context import AuditContext
from app.audit.logfiles import LogFiles, line_of
from app.audit.recording import Entry, take
from app.audit.redaction import plain
from app.core.crypto import Keyring
from app.db.session import ended_by
from app.models.public import AuditChainRow, AuditEntryRow
from app.settings import Settings

_WRITTEN = "audit_written"
_UNSOUND = b""
"""In the place of a head's own hash, from when on it was found altered: what was wrong once is never signed again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A chain's head, locked until the commit; whether it is as we left it."""

    head: Head
    is_sound: bool


def audit_keyring(settings: Settings) -> Keyring:
    """The keys that entries are chained with: of AUDIT_KEY, so that SECRET_KEY can be replaced without it."""
    return Keyring(settings.audit_key or settings.secret_key)


class AuditTrail:
    """Keeps the chains. Where nothing was recorded it does nothing at all."""

    def __init__(self, keyring: Keyring, files: LogFiles) -> None:
        self._keyring = keyring
        self.files = files

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The trail that these settings keep."""
        return cls(audit_keyring(settings), LogFiles.of(settings))

    async def before_commit(self, session: AsyncSession) -> None:
        """Write the entries. Chains are locked last of all and in one order, so that nobody waits in a circle."""
        entries = take(session)
        if not entries:
            return
        self.files.open()
        await session.flush()
        heads = await self._take_heads(session, {entry.chain_id for entry in entries})
        problem = ended_by(session)
        rows: list[dict[str, Any]] = []
        for entry in entries:
            taken = heads[entry.chain_id]
            content = _content(entry, taken.head.seq + 1, problem.status if problem else entry.context.status)
            following = taken.head.followed_by(content, self._keyring)
            rows.append(content | {"previous_hash": taken.head.hash, "hash": following.hash})
            heads[entry.chain_id] = _Taken(following, taken.is_sound)
        await session.execute(insert(AuditEntryRow), rows)
        await session.execute(update(AuditChainRow), [self._row(taken) for taken in heads.values()])
        contexts = [entry.context for entry in entries]
        session.info.setdefault(_WRITTEN, []).extend(zip(rows, contexts, strict=True))

    async def after_commit(self, session: AsyncSession) -> None:
        """Write the lines of what is durable now."""
        written: list[tuple[dict[str, Any], AuditContext]] = session.info.pop(_WRITTEN, [])
        for row, context in written:
            self.files.write(*line_of(row, context))

    async def _take_heads(self, session: AsyncSession, chain_ids: Iterable[UUID]) -> dict[UUID, _Taken]:
        """Make the chains that are not there yet, and lock all of them, in one statement and in order of their ids."""
        new = [{"id": chain_id, "seq": 0, "hash": GENESIS, "mac": _UNSOUND} for chain_id in sorted(chain_ids)]
        statement = upsert(AuditChainRow).values(new)
        statement = statement.on_conflict_do_update(
            index_elements=[AuditChainRow.id],
            set_={"seq": AuditChainRow.seq},  # changes nothing, but locks it and has it returned
        )
        found = await session.execute(
            statement.returning(AuditChainRow.id, AuditChainRow.seq, AuditChainRow.hash, AuditChainRow.mac)
        )
        return {row.id: await self._checked(session, Head(row.id, row.seq, row.hash), row.mac) for row in found}

    async def _checked(self, session: AsyncSession, head: Head, mac: bytes) -> _Taken:
        """The head as it was found, if we wrote it; else the chain's last entry in its place.

        To sign on top of a head that somebody else has set would hide what they cut off.
        """
        if mac == head.mac(self._keyring):
            return _Taken(head, is_sound=True)
        entries = select(AuditEntryRow.seq, AuditEntryRow.hash).where(AuditEntryRow.chain_id == head.chain_id)
        last = (await session.execute(entries.order_by(AuditEntryRow.seq.desc()).limit(1))).first()
        if last is None and head.seq == 0:
            return _Taken(head, is_sound=True)
        _log.critical("the head of audit chain %s was altered: run `smoothschedule audit verify`", head.chain_id)
        return _Taken(Head(head.chain_id, *last) if last else Head(head.chain_id), is_sound=False)

    def _row(self, taken: _Taken) -> dict[str, Any]:
        head = taken.head
        mac = head.mac(self._keyring) if taken.is_sound else _UNSOUND
        return {"id": head.chain_id, "seq": head.seq, "hash": head.hash, "mac": mac}


def _content(entry: Entry, seq: int, status: int | None) -> dict[str, Any]:
    """All columns of an entry but its hashes."""
    context = entry.context
    return {
        "chain_id": entry.chain_id,
        "seq": seq,
        "at": context.at,
        "event": entry.event.value,
        "result": entry.result.value,
        "reason": entry.reason,
        "request_id": plain(context.request_id),
        "actor_id": context.actor_id,
        "user_id": context.user_id,
        "session_id": context.session_id,
        "token_id": context.token_id,
        "grant_id": entry.grant_id,
        "tenant_id": context.tenant_id,
        "mode": plain(context.mode),
        "method": plain(context.method),
        "route": plain(context.route),
        "status": status,
        "object_type": plain(entry.about.type) if entry.about else None,
        "object_id": plain(entry.about.id) if entry.about else None,
        "diff": entry.diff,
        "ip_address": plain(context.ip_address),
        "user_agent": plain(context.user_agent),
    }
