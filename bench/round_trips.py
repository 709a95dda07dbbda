"""Counts round trips to PostgreSQL where nobody can argue: between the client's socket and the server's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url

_HEADER = 5  # a message's type and its length
_READY_FOR_QUERY = ord("Z")
_SOCKET = ".s.PGSQL.5432"


class Counter:
    """How often the server has said that it is ready for the next query, which ends each round trip."""

    def __init__(self, sockets: Path) -> None:
        self._sockets = sockets
        self.round_trips = 0

    async def relay(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        """Pass one connection through to the server."""
        server_in, server_out = await asyncio.open_unix_connection(self._sockets / _SOCKET)
        forth = asyncio.create_task(self._pass(client_in, server_out))
        while True:
            try:
                header = await server_in.readexactly(_HEADER)
                body = await server_in.readexactly(int.from_bytes(header[1:], "big") - 4)
            except asyncio.IncompleteReadError:
                break
            self.round_trips += header[0] == _READY_FOR_QUERY
            client_out.write(header + body)
        forth.cancel()
        client_out.close()

    @staticmethod
    async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            target.write(chunk)
        target.close()


@asynccontextmanager
async def counting(url: str) -> AsyncIterator[tuple[Counter, str]]:
    """A counter, and the URL of the same database as reached through it."""
    address = make_url(url)
    counter = Counter(Path(str(address.query["host"])))
    with TemporaryDirectory(prefix="smoothschedule-") as directory:
        server = await asyncio.start_unix_server(counter.relay, Path(directory) / _SOCKET)
        yield counter, address.update_query_dict({"host": directory}).render_as_string(hide_password=False)
        server.close()
