"""Where a request ends, on a real socket: nothing that one side takes for a body is a request to the other."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from tests.serving import served

CHUNKED = b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
HIDDEN = b"0\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    """Where the application is served, as `smoothschedule serve` does it."""
    async with served(app) as port:
        yield port


async def statuses(port: int, sent: bytes) -> list[int]:
    """The statuses of all answers, until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    received = await asyncio.wait_for(reader.read(), timeout=30)
    writer.close()
    await writer.wait_closed()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", received)]


class TestFraming:
    @pytest.mark.parametrize(
        "headers",
        [
            CHUNKED + b"Content-Length: 5\r\n",
            b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 70\r\n",
        ],
    )
    async def test_a_request_of_two_lengths_is_refused(self, port: int, headers: bytes) -> None:
        assert await statuses(port, headers + b"\r\n" + HIDDEN) == [400]

    async def test_what_follows_a_chunked_body_is_the_next_request(self, port: int) -> None:
        assert await statuses(port, CHUNKED + b"\r\n" + HIDDEN) == [405, 200]
