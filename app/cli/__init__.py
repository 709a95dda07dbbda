"""The `smoothschedule` command.

Each subcommand is a module of its own, loaded when it is called: `serve` need not wait for what only `seed-demo` uses.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup
from typer.main import get_command

from app.cli.failures import EXPECTED, explain

_MODULES = {
    "serve": "app.cli.serve",
    "worker": "app.cli.worker",
    "dev": "app.cli.dev",
    "migrate": "app.cli.migrate",
    "tenant": "app.cli.tenant",
    "user": "app.cli.user",
    "audit": "app.cli.audit",
    "seed-demo": "app.cli.seed_demo",
    "listen": "app.cli.listen",
    "openapi": "app.cli.openapi",
}


class _Subcommands(TyperGroup):
    def list_commands(self, _ctx: Any) -> list[str]:
        return list(_MODULES)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        command = get_command(import_module(module).app)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            Console(stderr=True, soft_wrap=True).print(explain(error), style="red", markup=False, highlight=False)
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=_Subcommands,
    help="Smooth Schedule: scheduling for businesses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _root() -> None:
    """Smooth Schedule: scheduling for businesses."""


def main() -> None:
    """Run the command that the process was started with, and end the process with its exit code."""
    sys.exit(app(prog_name="smoothschedule"))
