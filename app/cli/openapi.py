"""`smoothschedule openapi`."""

import json

import typer

from app.main import create_app

app = typer.Typer(add_completion=False)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document. Needs no database."""
    typer.echo(json.dumps(create_app().openapi(), indent=2))
