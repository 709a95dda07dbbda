"""`smoothschedule listen`: a sandbox's events on a developer's own machine."""

import asyncio
import os
from datetime import datetime
from typing import Annotated

import aiohttp
import typer
from yarl import URL

from app.auth.token_format import mode_of
from app.cli import listening
from app.cli.failures import CommandFailed
from app.cli.output import console
from app.settings import get_settings
from app.tenancy.mode import Mode

TOKEN_VARIABLE = "SMOOTHSCHEDULE_TOKEN"  # noqa: S105 — a name # nosec B105

app = typer.Typer(add_completion=False)


@app.command()
def listen(
    *,
    forward_to: Annotated[
        str | None, typer.Option(help="Where to post each event, as http://localhost:3000/hooks.")
    ] = None,
    events: Annotated[
        list[str] | None, typer.Option(help="A type, a family as 'appointment.*', or '*'; may be repeated.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The business's address; that for API tokens, if left out.")] = None,
    print_json: Annotated[bool, typer.Option("--print-json", help="Print each event whole.")] = False,
) -> None:
    """Print a sandbox's events as they happen, and forward them to a program on this machine, signed.

    Wants a test token of the business with the scope webhooks:read, in SMOOTHSCHEDULE_TOKEN.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if mode_of(token) is not Mode.SANDBOX:
        raise CommandFailed(
            f"Set {TOKEN_VARIABLE} to a test token (ss_test_…) of the business, with the scope webhooks:read: "
            "POST /api/v1/tokens makes one."
        )
    if forward_to is not None and not URL(forward_to).host:
        raise CommandFailed(
            f"'{forward_to}' is no address to forward to: give it whole, as http://localhost:3000/hooks."
        )
    listener = _Listener(token, forward_to, print_json=print_json)
    address = URL(url or get_settings().url("api"))
    try:
        asyncio.run(listener.run(address, events or ["*"]))
    except KeyboardInterrupt:
        console.print("Stopped.")


class _Listener:
    """Prints what is heard, and what became of it."""

    def __init__(self, token: str, forward_to: str | None, *, print_json: bool) -> None:
        self._token = token
        self._secret = listening.secret_for(token)
        self._forward_to = forward_to
        self._print_json = print_json
        self._is_secret_shown = False

    async def run(self, address: URL, subscriptions: list[str]) -> None:
        """Until Ctrl-C."""
        connector = aiohttp.TCPConnector(resolver=listening.LocalhostResolver())
        async with aiohttp.ClientSession(connector=connector) as session:
            heard = listening.hear(
                session, address, self._token, subscriptions, on_ready=self._on_ready, on_lost=self._on_lost
            )
            async for event in heard:
                await self._handle(session, event)

    async def _handle(self, session: aiohttp.ClientSession, event: listening.Heard) -> None:
        _print(f"{event.type}  {event.id}")
        if self._print_json:
            console.print(event.message, markup=False)
        if self._forward_to is None:
            return
        done = await listening.forward(session, self._forward_to, event, self._secret)
        _print(f"  → {done.error or done.status} in {done.duration_ms} ms")

    def _on_ready(self, slug: str) -> None:
        where = f"; forwarding to {self._forward_to}" if self._forward_to else ""
        _print(f"Listening to the sandbox of {slug}{where}. Ctrl-C ends it.")
        if self._forward_to and not self._is_secret_shown:
            _print(f"The signing secret is {self._secret}")
            self._is_secret_shown = True

    def _on_lost(self, reason: str, pause: float) -> None:
        _print(f"{reason}. Trying again in {pause:g} s.")


def _print(text: str) -> None:
    console.print(f"{datetime.now().astimezone():%H:%M:%S}  {text}", markup=False)
