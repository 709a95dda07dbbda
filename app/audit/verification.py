"""Walking a chain from its first entry to its end, and saying what is wrong with the first entry that does not fit."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.chain import Head, link
from app.core.crypto import Keyring
from app.db.session import Database
from app.models.public import AuditChainRow, AuditEntryRow

Row = Mapping[str, Any]
Anchors = Mapping[int, bytes]
"""The hashes that a chain's entries had when its ends were copied elsewhere."""

_BATCH = 1000
_MOST_PLACES = 10_000  # that are tried, before and after, for where an entry belongs
_COLUMNS = tuple(AuditEntryRow.__table__.columns)


class Fault(StrEnum):
    CHANGED = "changed"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TAIL_CUT = "tail-cut"
    HEAD_ALTERED = "head-altered"
    REWRITTEN = "rewritten"
    CHAIN_MISSING = "chain-missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong with a chain: at which entry, and in words."""

    fault: Fault
    seq: int
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one chain: how many entries fit, and what is wrong, if anything."""

    chain_id: UUID
    entries: int
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain ends by its record (None if that is missing), and by its entries: seen in one instant."""

    head: Head | None
    is_signed: bool
    last_seq: int


class Verifier:
    """Verifies the chains of one database with one installation's keys. Reads in batches, and locks nothing."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def verify(
        self, chain_id: UUID, anchors: Anchors, *, on_progress: Callable[[int], None] = lambda _entries: None
    ) -> Report:
        """Walk a chain. `on_progress` hears of the entries of each batch."""
        end = await self.end_of(chain_id)
        reached = Head(chain_id)
        async for rows in self._batches(chain_id, end.last_seq):
            for row in rows:
                if not self._fits(row, reached):
                    return Report(chain_id, reached.seq, await self._misfit(row, reached, end))
                reached = Head(chain_id, row["seq"], row["hash"])
                if anchors.get(reached.seq, reached.hash) != reached.hash:
                    return Report(chain_id, reached.seq, _rewritten(reached.seq))
            on_progress(len(rows))
        return Report(chain_id, reached.seq, _judge_end(end, reached, anchors))

    async def end_of(self, chain_id: UUID) -> End:
        """Where the chain ends now."""
        chain = (AuditChainRow.seq, AuditChainRow.hash, AuditChainRow.mac)
        head = [select(column).where(AuditChainRow.id == chain_id).scalar_subquery() for column in chain]
        last = select(func.coalesce(func.max(AuditEntryRow.seq), 0)).where(AuditEntryRow.chain_id == chain_id)
        async with self._database.transaction() as session:
            # One statement: entries that are being appended meanwhile are seen with their head, or not at all.
            seq, value, mac, last_seq = (await session.execute(select(*head, last.scalar_subquery()))).one()
        if seq is None:
            return End(None, is_signed=False, last_seq=last_seq)
        known = Head(chain_id, seq, value)
        return End(known, mac == known.mac(self._keyring), last_seq)

    def _fits(self, row: Row, before: Head) -> bool:
        return row["seq"] == before.seq + 1 and self._is_genuine(row, before.seq + 1, before.hash)

    def _is_genuine(self, row: Row, seq: int, previous_hash: bytes) -> bool:
        """Whether we wrote this entry, with this number and after that hash."""
        if row["previous_hash"] != previous_hash:
            return False
        return bool(link(self._keyring, previous_hash, {**row, "seq": seq}) == row["hash"])

    async def _batches(self, chain_id: UUID, last_seq: int) -> AsyncIterator[list[Row]]:
        query = select(*_COLUMNS).where(AuditEntryRow.chain_id == chain_id, AuditEntryRow.seq <= last_seq)
        query = query.order_by(AuditEntryRow.seq).limit(_BATCH)
        rows = await self._read(query)
        while rows:
            yield rows
            rows = await self._read(query.where(AuditEntryRow.seq > rows[-1]["seq"]))

    async def _read(self, query: Any) -> list[Row]:
        async with self._database.transaction() as session:
            return [row._asdict() for row in await session.execute(query)]

    async def _misfit(self, row: Row, before: Head, end: End) -> Finding:
        """What happened to the chain at the first entry that does not follow."""
        seq = before.seq + 1
        if row["seq"] != seq:
            return _gap(seq, row["seq"])
        home = self._home_of(row)
        if home is not None and home < seq:
            return Finding(Fault.INSERTED, seq, f"It is a copy of entry {home}.")
        is_elsewhere = await self._exists_elsewhere(seq, before)
        if home is not None:
            return _displaced(seq, home, is_elsewhere=is_elsewhere)
        if is_elsewhere or (end.head is not None and seq > end.head.seq):
            return Finding(Fault.INSERTED, seq, "It was not written by the application.")
        return Finding(Fault.CHANGED, seq, "Its content is not what was written.")

    def _home_of(self, row: Row) -> int | None:
        """The number that this entry was written with, if we wrote it."""
        here: int = row["seq"]
        places = (here + sign * distance for distance in range(1, _MOST_PLACES) for sign in (-1, 1))
        return next((seq for seq in places if self._is_genuine(row, seq, row["previous_hash"])), None)

    async def _exists_elsewhere(self, seq: int, before: Head) -> bool:
        """Whether the entry that belongs here is there under another number."""
        query = select(*_COLUMNS).where(
            AuditEntryRow.chain_id == before.chain_id,
            AuditEntryRow.previous_hash == before.hash,
            AuditEntryRow.seq != seq,
        )
        return any(self._is_genuine(row, seq, before.hash) for row in await self._read(query.limit(_BATCH)))


async def find_chains(session: AsyncSession) -> list[UUID]:
    """Every chain of which there is a head or an entry."""
    chains, entries = select(AuditChainRow.id), select(AuditEntryRow.chain_id)
    return list(await session.scalars(chains.union(entries).order_by("id")))


def _judge_end(end: End, reached: Head, anchors: Anchors) -> Finding | None:
    """What is wrong with the end of a chain whose entries all follow each other."""
    if end.head is None:
        return _headless(reached.seq) if reached.seq or anchors else None
    if not end.is_signed:
        what = "The record of the chain's end is not what was written: entries may have been cut off after this one."
        return Finding(Fault.HEAD_ALTERED, reached.seq, what)
    last = max(end.head.seq, *anchors, 0)
    if last > reached.seq:
        what = f"The chain went on to entry {last}; what is missing was cut off its end."
        return Finding(Fault.TAIL_CUT, reached.seq + 1, what)
    if end.head != reached:
        what = f"The record of the chain's end is that of entry {end.head.seq}."
        return Finding(Fault.HEAD_ALTERED, reached.seq, what)
    return None


def _headless(seq: int) -> Finding:
    if seq:
        return Finding(Fault.HEAD_ALTERED, seq, "The record of the chain's end is missing.")
    return Finding(Fault.CHAIN_MISSING, seq, "The whole chain is missing.")


def _gap(seq: int, found: int) -> Finding:
    if found < seq:
        return Finding(Fault.INSERTED, found, "It stands before the first entry.")
    what = "It is missing." if found == seq + 1 else f"It and all up to {found - 1} are missing."
    return Finding(Fault.DELETED, seq, what)


def _displaced(seq: int, home: int, *, is_elsewhere: bool) -> Finding:
    if is_elsewhere:
        return Finding(Fault.REORDERED, seq, f"Entry {home} stands in its place.")
    return Finding(Fault.DELETED, seq, f"It is gone, and entry {home} bears its number.")


def _rewritten(seq: int) -> Finding:
    return Finding(Fault.REWRITTEN, seq, "It is not the entry that the anchor names: the chain was set back before it.")
