"""What commands print."""

from collections.abc import Iterable

from rich.console import Console
from rich.measure import Measurement
from rich.progress import Progress, ProgressColumn
from rich.table import Table

console = Console(highlight=False, soft_wrap=True)

_ENDLESS = 10_000


def print_table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print rows as wide as they are: an address that is cut to the terminal's width helps nobody."""
    table = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    needed = Measurement.get(console, console.options.update(max_width=_ENDLESS), table).maximum
    Console(width=needed, highlight=False).print(table, crop=False)


def progress_bar(*columns: str | ProgressColumn) -> Progress:
    """A bar that is gone when the work is done, and never stands in a log."""
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
