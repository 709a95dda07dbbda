"""Whatever is killed under load, each change that was committed is told of, and none that was not.

`FAULT_ROUNDS` says how often something is killed. More than one for each part waits as an installation would; fewer do
not wait for a lease to end and for the minute in which the sweeper comes round.
"""

import asyncio
import itertools
import json
import os
import random
from collections.abc import Callable, Iterator

import pytest

from app.development import places
from app.integrations.queue import JobQueue
from app.workers.sweeper import SWEEP
from tests.development.watching import wait_until
from tests.faults.crowd import Crowd
from tests.faults.installation import PARTS, Installation

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "4"))
IS_SHORT = len(PARTS) >= ROUNDS
MOST_ANSWERS = 40
SETTLING_SECONDS = 60 if IS_SHORT else 240  # a lease, a round of the sweeper, and the sending
ANSWERED = {0, 201, 409, 503}


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with places.scratch_directory(places.server_account(), fits=places.fits_sockets) as scratch:
        monkeypatch.setattr(places, "MACHINE_DIRECTORY", scratch / "machine")
        made = Installation(scratch)
        yield made
        made.close()


class Faults:
    """Round after round, something is killed while the crowd books."""

    def __init__(self, installation: Installation, crowd: Crowd, seed: int) -> None:
        self._installation = installation
        self._crowd = crowd
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def round(self, victim: str) -> None:
        """Kill this part after some answers, start it again after some more, and go on for a while."""
        part = self._installation.parts[victim]
        self._crowd.begin()
        self._await_answers(self._random.randint(1, MOST_ANSWERS))
        part.kill()
        self._await_answers(self._random.randint(1, MOST_ANSWERS))
        part.start()
        self._await_answers(MOST_ANSWERS)
        self._crowd.stop()
        wait_until(self._is_settled, seconds=SETTLING_SECONDS)

    def check(self) -> str:
        """Compare what the database holds with what was heard, and give the count."""
        ask, heard = self._installation.ask, self._crowd.heard
        told_of = set(ask("SELECT DISTINCT event_id FROM webhook_deliveries"))
        assert not ask(
            "SELECT id FROM events WHERE type LIKE 'appointment.%' EXCEPT SELECT event_id FROM webhook_deliveries"
        )
        assert told_of == set(heard), "each committed change is told of, and no other"
        for messages in heard.values():
            assert all(message == messages[0] for message in messages), "a webhook-id is one event"
        events = [json.loads(messages[0]) for messages in heard.values()]
        created = [event["data"]["id"] for event in events if event["type"] == "appointment.created"]
        assert len(created) == len(set(created)), "a repeated event carries the webhook-id that it had"
        assert set(created) == set(ask("SELECT id FROM appointments"))
        assert self._crowd.booked <= set(created), "what was answered with 201 is kept"
        assert set(self._crowd.statuses) <= ANSWERED, self._installation.log_of("API")
        received = sum(map(len, heard.values()))
        answers = ", ".join(
            f"{status or 'none'} {count} times" for status, count in sorted(self._crowd.statuses.items())
        )
        return f"{len(heard)} events, {received} received, {received - len(heard)} of them again; answers: {answers}"

    def _await_answers(self, count: int) -> None:
        enough = self._crowd.answered + count
        wait_until(lambda: self._crowd.answered >= enough)

    def _is_settled(self) -> bool:
        if IS_SHORT:  # as if a minute had passed
            self._installation.ask("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending'")
            asyncio.run(self._sweep())
        return self._installation.ask("SELECT count(*) FROM webhook_deliveries WHERE status <> 'succeeded'") == ["0"]

    async def _sweep(self) -> None:
        queue = JobQueue(self._installation.redis_url)
        await queue.enqueue(SWEEP, job_id="sweep at once")
        await queue.close()


class TestKill:
    @pytest.mark.parametrize("seed", [int(os.environ.get("FAULT_SEED", "5"))])
    def test_loses_no_event_and_tells_of_none_that_was_not(
        self, installation: Installation, seed: int, record_property: Callable[[str, object], None]
    ) -> None:
        with Crowd(installation.port) as crowd:
            faults = Faults(installation, crowd, seed)
            for victim in itertools.islice(itertools.cycle(PARTS), ROUNDS):
                faults.round(victim)
                count = faults.check()
        record_property(f"{ROUNDS} parts killed", count)
