"""`smoothschedule audit`: whether the audit trail is what was written."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer
from pydantic import BaseModel, ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from app.audit.recording import PLATFORM_CHAIN
from app.audit.trail import audit_keyring
from app.audit.verification import Report, Verifier, find_chains
from app.cli.connection import with_database
from app.cli.failures import CommandFailed
from app.cli.lookup import require_tenant
from app.cli.output import print_table, progress_bar
from app.db.session import Database
from app.settings import get_settings
from app.tenancy.hosts import find_all

app = typer.Typer(help="The audit trail.", no_args_is_help=True, add_completion=False)


class Anchor(BaseModel):
    """Where a chain ended when the anchors were printed."""

    chain: UUID
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class _Errand:
    """What is to be verified, against which hashes; and what people call the chains."""

    chains: Sequence[UUID]
    anchors: dict[UUID, dict[int, bytes]]
    names: dict[UUID, str]


@app.command()
def verify(
    *,
    tenant: Annotated[str | None, typer.Option(help="Only the chain of this business, by its slug.")] = None,
    platform: Annotated[bool, typer.Option("--platform", help="Only the platform's own chain.")] = False,
    anchors: Annotated[
        Path | None, typer.Option(help="Anchors that were kept elsewhere, to compare with.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Verify every chain, and name the first entry of each that is not what was written (exit code 1)."""
    if tenant and platform:
        raise CommandFailed("Choose one of --tenant and --platform, or neither of them for all chains.")
    known = _read(anchors) if anchors else {}

    async def work(database: Database) -> tuple[list[Report], dict[UUID, str]]:
        errand = await _errand(database, known, tenant=tenant, platform=platform)
        verifier = Verifier(database, audit_keyring(get_settings()))
        return await _verify(verifier, errand), errand.names

    reports, names = with_database(work)
    (_print_json if as_json else _print_table)(reports, names)
    if any(report.finding for report in reports):
        raise typer.Exit(1)


@app.command("anchors")
def print_anchors() -> None:
    """Print where each chain ends now, as JSON lines, to be kept where nobody who can write the database can write."""

    async def work(database: Database) -> list[Anchor]:
        async with database.transaction() as session:
            chains = await find_chains(session)
        verifier = Verifier(database, audit_keyring(get_settings()))
        heads = [(await verifier.end_of(chain_id)).head for chain_id in chains]
        return [Anchor(chain=head.chain_id, seq=head.seq, hash=head.hash.hex()) for head in heads if head]

    for anchor in with_database(work):
        typer.echo(anchor.model_dump_json())


def _read(path: Path) -> dict[UUID, dict[int, bytes]]:
    """The anchors of a file, which may hold those of several days."""
    known: dict[UUID, dict[int, bytes]] = defaultdict(dict)
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            anchor = Anchor.model_validate_json(line)
            known[anchor.chain][anchor.seq] = bytes.fromhex(anchor.hash)
        except (ValidationError, ValueError) as error:
            raise CommandFailed(f"{path}, line {number}, is no anchor as `audit anchors` prints them.") from error
    return dict(known)


async def _errand(
    database: Database, anchors: dict[UUID, dict[int, bytes]], *, tenant: str | None, platform: bool
) -> _Errand:
    async with database.transaction() as session:
        names = {each.id: each.slug for each in await find_all(session)} | {PLATFORM_CHAIN: "(platform)"}
        if tenant:
            chains = [(await require_tenant(session, tenant)).id]
        elif platform:
            chains = [PLATFORM_CHAIN]
        else:
            chains = sorted({*await find_chains(session), *anchors}, key=lambda each: names.get(each, str(each)))
    return _Errand(chains, anchors, names)


async def _verify(verifier: Verifier, errand: _Errand) -> list[Report]:
    entries = [(await verifier.end_of(chain_id)).last_seq for chain_id in errand.chains]
    columns = (TextColumn("Entries"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with progress_bar(*columns) as progress:
        advance = partial(progress.advance, progress.add_task("", total=sum(entries)))
        return [
            await verifier.verify(chain_id, errand.anchors.get(chain_id, {}), on_progress=advance)
            for chain_id in errand.chains
        ]


def _print_table(reports: Sequence[Report], names: dict[UUID, str]) -> None:
    rows = [
        (
            names.get(report.chain_id, str(report.chain_id)),
            str(report.entries),
            f"entry {found.seq}: {found.fault}. {found.detail}" if (found := report.finding) else "intact",
        )
        for report in reports
    ]
    print_table(("chain", "entries that fit", "state"), rows)


def _print_json(reports: Sequence[Report], names: dict[UUID, str]) -> None:
    chains = [
        {
            "chain": report.chain_id,
            "name": names.get(report.chain_id),
            "entries": report.entries,
            "finding": report.finding,
        }
        for report in reports
    ]
    document = {"intact": not any(report.finding for report in reports), "chains": chains}
    typer.echo(orjson.dumps(document, default=str, option=orjson.OPT_INDENT_2).decode())
