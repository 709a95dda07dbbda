"""How a command gets a password: never as an argument, which every process on the machine could read."""

import os
import sys
from typing import Annotated

import typer

from app.cli.failures import CommandFailed

VARIABLE = "SMOOTHSCHEDULE_PASSWORD"

PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def ask(*, from_stdin: bool) -> str:
    """Give the password on standard input, else the environment's, else the one that is typed in (twice)."""
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandFailed("There is no password on standard input.")
        return password
    if password := os.environ.get(VARIABLE):
        return password
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
