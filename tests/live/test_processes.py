"""Two processes and two hundred sockets, while Redis and one of the processes are restarted: nothing is lost."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import aiohttp
import pytest

from app.development import places
from tests.actors import PASSWORD
from tests.faults.installation import HOST, OWNER, Installation, Part, free_port

LISTENERS = 200
CHANGES = 10
"""Before, while and after each restart."""

_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 0.1


@dataclass
class House:
    """An installation with a second process beside its API."""

    installation: Installation
    ports: tuple[int, int]
    second: Part


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with places.scratch_directory(places.server_account(), fits=places.fits_sockets) as home:
        monkeypatch.setattr(places, "MACHINE_DIRECTORY", home / "machine")
        installation, port = Installation(home, SOCKETS_PER_USER="1000"), free_port()
        second = Part(lambda: installation.serving("API 2", port))
        yield House(installation, (installation.port, port), second)
        second.close()
        installation.close()


@dataclass
class Listener:
    """A client as docs/help/live.md wants it: comes again after what it has heard, and passes over what it knows."""

    cookie: str
    ports: Iterator[int]
    heard: dict[int, str] = field(default_factory=dict)
    codes: list[int | None] = field(default_factory=list)
    resume_after: int | None = None
    is_ready: bool = False

    async def listen(self, session: aiohttp.ClientSession) -> None:
        while True:
            port = next(self.ports)
            headers = {"Host": HOST, "Origin": f"http://{HOST}", "Cookie": f"access_token={self.cookie}"}
            query = {"topics": "customers"} | ({"after": self.resume_after} if self.resume_after is not None else {})
            url = f"http://127.0.0.1:{port}/api/v1/ws"
            try:
                async with session.ws_connect(url, headers=headers, params=query) as socket:
                    async for message in socket:
                        self.take(json.loads(message.data))
                    self.codes.append(socket.close_code)
            except aiohttp.ClientError:
                await asyncio.sleep(_PAUSE_SECONDS)

    def take(self, told: dict[str, Any]) -> None:
        self.resume_after = told["resume_after"]
        self.is_ready = True
        assert told["type"] != "resync"
        if told["seq"] is not None:
            self.heard[told["seq"]] = told["id"]


@dataclass
class People:
    """Those who listen, and somebody who changes things."""

    house: House
    session: aiohttp.ClientSession
    made: set[str] = field(default_factory=set)
    listeners: list[Listener] = field(default_factory=list)

    async def log_in(self) -> str:
        body = {"email": OWNER, "password": PASSWORD}
        async with self.session.post(self._url("/auth/login"), json=body, headers={"Host": HOST}) as answer:
            return str((await answer.json())["access_token"])

    async def change(self, token: str) -> None:
        """A few changes, at the process that is never restarted."""
        headers = {"Host": HOST, "Authorization": f"Bearer {token}"}
        for number in range(CHANGES):
            body = {"name": f"Customer {number}"}
            async with self.session.post(self._url("/customers"), json=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                self.made.add((await answer.json())["id"])

    async def until_all_have_heard(self) -> None:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not all(self.made <= set(each.heard.values()) for each in self.listeners):  # noqa: ASYNC110
                await asyncio.sleep(_PAUSE_SECONDS)

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.house.ports[0]}/api/v1{path}"


class TestTwoProcesses:
    def test_lose_nothing_while_redis_and_one_of_them_are_restarted(self, house: House) -> None:
        asyncio.run(_scene(house))


async def _scene(house: House) -> None:
    redis = house.installation.parts["Redis"]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        people = People(house, session)
        token = await people.log_in()
        people.listeners = [
            Listener(token, islice(cycle(house.ports), number % 2, None)) for number in range(LISTENERS)
        ]
        tasks = [asyncio.create_task(each.listen(session)) for each in people.listeners]
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not all(each.is_ready for each in people.listeners):  # noqa: ASYNC110
                await asyncio.sleep(_PAUSE_SECONDS)
        await people.change(token)
        await people.until_all_have_heard()
        redis.kill()
        await people.change(token)
        redis.start()
        await people.change(token)
        await people.until_all_have_heard()
        house.second.close()  # in an orderly way: they are told to go elsewhere
        await people.change(token)
        house.second.start()
        await people.until_all_have_heard()
        house.second.kill()
        await people.change(token)
        house.second.start()
        await people.until_all_have_heard()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for each in people.listeners:
        assert sorted(each.heard.values()) == sorted(people.made)  # each once, by its number
    codes = [code for each in people.listeners for code in each.codes]
    assert set(codes) >= {1001}
