"""`smoothschedule migrate`."""

import asyncio
import os
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from app.cli.failures import CommandFailed
from app.cli.output import console, progress_bar
from app.settings import get_settings
from app.tenancy.migrations import Plan, Report, SchemaResult, migrate_public, migrate_tenants, plan

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    show_plan: Annotated[bool, typer.Option("--plan", help="Only say what is to be done.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="How many migrate side by side.")] = os.cpu_count() or 1,
) -> None:
    """Migrate the shared tables, then those of every business."""
    url = get_settings().listen_url
    if show_plan:
        _show(asyncio.run(plan(url)))
        return
    report = bring_up_to_date(url, processes=processes)
    console.print(f"public is up to date; schemas migrated: {len(report.migrated)}, up to date: {report.skipped}.")


def bring_up_to_date(database_url: str, *, processes: int) -> Report:
    """Migrate everything, with a progress bar where it takes time. Raises CommandFailed, naming what failed."""
    report = asyncio.run(_migrate(database_url, processes))
    if report.failed:
        lines = [f"  {result.schema}: {result.error}" for result in report.failed]
        done = f"{len(report.migrated)} migrated, {report.skipped} up to date"
        heading = f"{len(report.failed)} schemas could not be migrated and are as they were ({done}):"
        raise CommandFailed("\n".join([heading, *lines, "Run `smoothschedule migrate` again to take up what is left."]))
    return report


async def _migrate(database_url: str, processes: int) -> Report:
    await migrate_public(database_url)
    ahead = (await plan(database_url)).tenant_schemas
    columns = (TextColumn("Businesses' schemas"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with progress_bar(*columns) as progress:
        bar = progress.add_task("", total=len(ahead), visible=bool(ahead))

        def advance(_result: SchemaResult) -> None:
            progress.advance(bar)

        return await migrate_tenants(database_url, processes=processes, on_progress=advance)


def _show(ahead: Plan) -> None:
    if not (ahead.public or ahead.tenant_schemas):
        console.print("Everything is up to date.")
    if ahead.public:
        console.print(f"public: revisions {', '.join(ahead.public)}")
    for schema in ahead.tenant_schemas:
        console.print(f"{schema}: behind")
