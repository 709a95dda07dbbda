"""`smoothschedule worker`."""

import typer

from app.settings import get_settings
from app.workers.process import run_worker

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Do the work that waits in the queue, until Ctrl-C or SIGTERM; jobs under way are finished first."""
    run_worker(get_settings())
