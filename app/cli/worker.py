"""`smoothschedule worker`."""

import typer

from app.core import logs
from app.settings import LogFormat, get_settings
from app.workers.process import run_worker

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Do the work that waits in the queue, until Ctrl-C or SIGTERM; jobs under way are finished first."""
    settings = get_settings()
    logs.configure(as_json=settings.logs_as is LogFormat.JSON)
    run_worker(settings)
