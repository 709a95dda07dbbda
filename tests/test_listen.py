"""`smoothschedule listen`, as a developer runs it."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from standardwebhooks import Webhook
from typer.testing import CliRunner

from app.cli import app as command
from app.cli.listen import TOKEN_VARIABLE
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.emitting import emit
from tests.outboxes import READERS
from tests.receivers import Receiver, refuse
from tests.serving import served

COMMAND = Path(sys.executable).with_name("smoothschedule")


class Listening:
    """The command, running."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, pattern: str) -> re.Match[str]:
        """The next line that fits."""
        assert self.process.stdout is not None
        seen = []
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode():
                seen.append(line)
                if found := re.search(pattern, line):
                    return found
        raise AssertionError(f"{pattern!r} is not in {seen}")

    async def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return await self.process.wait()


@asynccontextmanager
async def listening(*arguments: str, token: str) -> AsyncIterator[Listening]:
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "listen",
        *arguments,
        env={"PATH": os.environ["PATH"], TOKEN_VARIABLE: token, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield Listening(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def token(business: Business) -> str:
    return await business.token("webhooks:read", *READERS, mode="test")


class TestListen:
    async def test_brings_a_sandboxs_events_to_this_machine_signed(
        self, app: FastAPI, business: Business, receiver: Receiver, token: str
    ) -> None:
        async with (
            served(app) as port,
            listening(
                "--url",
                f"http://{business.host}:{port}",
                "--forward-to",
                receiver.url,
                "--print-json",
                "--events",
                "appointment.created",
                token=token,
            ) as running,
        ):
            await running.line(f"Listening to the sandbox of {business.slug}; forwarding to")
            secret = (await running.line(r"signing secret is (whsec_\S+)"))[1]
            await emit(app, business, Mode.SANDBOX, {"name": "Zoë"})
            (received,) = await receiver.wait_for(1)
            assert Webhook(secret).verify(received.body, dict(received.headers))["data"] == {"name": "Zoë"}
            assert (await running.line(r"appointment\.created  (\S+)"))[1] == received.id
            assert json.loads((await running.line("(^{.*})"))[1])["data"] == {"name": "Zoë"}
            await running.line(r"→ 204 in \d+ ms")
            assert await running.end() == 0
            await running.line("Stopped")

    async def test_goes_on_when_the_server_is_back_with_what_happened_meanwhile(
        self, app: FastAPI, business: Business, receiver: Receiver, token: str
    ) -> None:
        async with served(app) as port:
            running_on = listening("--url", f"http://{business.host}:{port}", "--forward-to", receiver.url, token=token)
            running = await running_on.__aenter__()
            await running.line("Listening")
            await emit(app, business, Mode.SANDBOX, {"number": 1})
            await running.line("204")
        await running.line("Trying again in")
        await emit(app, business, Mode.SANDBOX, {"number": 2})
        async with served(app, port):
            await running.line("204")
        await running_on.__aexit__(None, None, None)
        assert [json.loads(each.body)["data"]["number"] for each in receiver.received] == [1, 2]

    async def test_says_what_the_program_answers(
        self, app: FastAPI, business: Business, receiver: Receiver, token: str
    ) -> None:
        receiver.answer = refuse(500)
        async with (
            served(app) as port,
            listening("--url", f"http://{business.host}:{port}", "--forward-to", receiver.url, token=token) as running,
        ):
            await running.line("Listening")
            await emit(app, business, Mode.SANDBOX)
            await running.line("→ 500 in")
            await receiver.server.close()
            await emit(app, business, Mode.SANDBOX)
            await running.line("→ .*[Cc]onnect")

    async def test_says_why_it_is_refused(self, app: FastAPI, business: Business) -> None:
        token = await business.token("appointments:read", mode="test")
        async with served(app) as port, listening("--url", f"http://{business.host}:{port}", token=token) as running:
            await running.line("webhooks:read")
            assert await running.process.wait() == 1

    async def test_says_that_there_is_no_business(self, app: FastAPI, token: str) -> None:
        async with served(app) as port, listening("--url", f"http://nobody.localhost:{port}", token=token) as running:
            await running.line("There is no business to listen to at this address")
            assert await running.process.wait() == 1


class TestArguments:
    @pytest.mark.parametrize("token", ["", "ss_test_short", "ss_live_bCzjEmq9A6vquYOZ99bgTzTMsvy3cg3W0HHm"])
    def test_wants_a_test_token(self, token: str) -> None:
        result = CliRunner().invoke(command, ["listen"], env={TOKEN_VARIABLE: token})
        assert result.exit_code == 1
        assert "test token" in result.output

    @pytest.mark.parametrize("address", ["localhost:3000", "/hooks"])
    def test_wants_a_whole_address(self, address: str, token: str) -> None:
        result = CliRunner().invoke(command, ["listen", "--forward-to", address], env={TOKEN_VARIABLE: token})
        assert result.exit_code == 1
        assert "give it whole" in result.output
