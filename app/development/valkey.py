"""A Valkey server of our own (the Redis protocol): on a unix socket only, gone when we are."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.development import binaries, places, processes

START_SECONDS = 60  # reading the append-only file included


@dataclass(frozen=True)
class Valkey:
    """A running server."""

    process: processes.Process
    socket: Path

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"


@contextmanager
def running(home: Path, *, sockets: Path, log: Path, durable: bool = True) -> Iterator[Valkey]:
    """Run Valkey on the data in `home`. Raises DevelopmentError if it cannot be found or started.

    `sockets` is a wish: see `places` for when it lies elsewhere. Without `durable` nothing is kept on disk.
    """
    program = binaries.find_valkey()
    account = places.our_account()
    home = places.settle(home, account)
    with places.socket_directory(sockets, account) as directory:
        address = directory / "valkey.sock"
        options: dict[str, str | Path] = {
            "port": "0",
            "unixsocket": address,
            "unixsocketperm": "700",
            "dir": home,
            "appendonly": "yes" if durable else "no",
            "save": "",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        process = processes.Process("Valkey", (program, *arguments), log=log, account=account, environment=os.environ)
        try:
            process.wait_until(lambda: _answers(address), seconds=START_SECONDS)
            yield Valkey(process, address)
        finally:
            process.stop()


@contextmanager
def throwaway() -> Iterator[Valkey]:
    """Run an empty server that keeps nothing, and delete all of it afterwards."""
    account = places.our_account()
    with places.scratch_directory(account, fits=places.fits_sockets) as scratch:
        home, sockets, log = scratch / "valkey", scratch / "sockets", scratch / "valkey.log"
        with running(home, sockets=sockets, log=log, durable=False) as server:
            yield server


def _answers(address: Path) -> bool:
    """Ask for a sign of life; while it reads its data the server answers, but not PONG."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
