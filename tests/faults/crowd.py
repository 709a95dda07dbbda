"""People who book while things break, and the business's software that hears of it."""

import asyncio
import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx
from aiohttp import web

from tests.actors import PASSWORD
from tests.faults.installation import HOST, OWNER
from tests.receivers import Received, Receiver, receiving

PEOPLE = 6
API = "/api/v1"
SLOTS_A_DAY = 24
_PATIENCE_SECONDS = 15.0
_BREATH_SECONDS = 0.02
_ACROSS_SECONDS = 0.1


async def take_a_while(_message: Received) -> web.Response:
    """Accept, as software across the internet does."""
    await asyncio.sleep(_ACROSS_SECONDS)
    return web.Response(status=204)


class Crowd:
    """Books slot after slot, two people at once for each, in a thread of its own until it is left."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="crowd")
        self._people: list[asyncio.Task[None]] = []
        self._next_slot = 0
        self.booked: set[str] = set()
        """The appointments whose booking was answered with 201: they are committed."""
        self.statuses: Counter[int] = Counter()
        """How attempts were answered; 0 is for those that were not."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def answered(self) -> int:
        return self.statuses.total()

    @property
    def heard(self) -> dict[str, list[bytes]]:
        """What the business's software has received, by `webhook-id`."""
        found = defaultdict(list)
        for message in list(self._receiver.received):
            found[message.id].append(message.body)
        return dict(found)

    def begin(self) -> None:
        """Let them come."""
        self._do(self._begin())

    def stop(self) -> None:
        """Let nobody begin anything more, and wait for the answers that are still due."""
        self._do(self._stop())

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    async def _open(self) -> None:
        self._receiving = receiving()
        self._receiver: Receiver = await self._receiving.__aenter__()
        self._receiver.answer = take_a_while  # so that a kill finds something on its way
        self._client = httpx.AsyncClient(
            base_url=self._address, headers={"Host": HOST}, timeout=httpx.Timeout(_PATIENCE_SECONDS)
        )
        answer = await self._client.post(f"{API}/auth/login", json={"email": OWNER, "password": PASSWORD})
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self._client.cookies.clear()
        await self._furnish()

    async def _furnish(self) -> None:
        """One member of staff, a service, a customer, an endpoint; and a token, which outlives the log-in."""
        staff = await self._make("/resources", {"kind": "staff", "name": "Ada", "timezone": "UTC"})
        weekly = [{"weekday": day, "start": "08:00", "end": "20:00"} for day in range(1, 8)]
        schedule = {"timezone": "UTC", "weekly": weekly, "overrides": []}
        (await self._client.put(f"{API}/resources/{staff['id']}/schedule", json=schedule)).raise_for_status()
        service = {
            "name": "Cut",
            "duration_minutes": 30,
            "slot_step_minutes": 30,
            "price_minor": 0,
            "currency": "EUR",
            "requirements": [{"resource_ids": [staff["id"]]}],
        }
        self._service = (await self._make("/services", service))["id"]
        self._customer = (await self._make("/customers", {"name": "Cleo"}))["id"]
        await self._make("/webhook-endpoints", {"url": self._receiver.url, "events": ["*"]})
        token = {"name": "crowd", "mode": "live", "scopes": ["appointments:write", "appointments:read"]}
        self._client.headers["Authorization"] = f"Bearer {(await self._make('/tokens', token))['token']}"
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        self._first = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 8, tzinfo=UTC)

    async def _make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._client.post(f"{API}{path}", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def _begin(self) -> None:
        self._people = [asyncio.create_task(self._come()) for _ in range(PEOPLE)]

    async def _stop(self) -> None:
        people, self._people = self._people, []
        await asyncio.gather(*people)

    async def _close(self) -> None:
        await self._stop()
        await self._client.aclose()
        await self._receiving.__aexit__(None, None, None)

    async def _come(self) -> None:
        while self._people:
            slot, self._next_slot = self._next_slot, self._next_slot + 1
            await asyncio.gather(*[self._book(slot) for _ in range(2)])
            await asyncio.sleep(_BREATH_SECONDS)

    async def _book(self, slot: int) -> None:
        day, step = divmod(slot, SLOTS_A_DAY)
        start = self._first + timedelta(days=day, minutes=30 * step)
        body = {"service_id": self._service, "customer_id": self._customer, "start": start.isoformat()}
        try:
            answer = await self._client.post(f"{API}/appointments", json=body)
        except httpx.TransportError:
            self.statuses[0] += 1
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code == 201:
            self.booked.add(answer.json()["id"])
