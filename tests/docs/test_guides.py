"""The guides' examples, run as printed against a running service."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from app.auth.permissions import SCOPES
from app.core.clock import utcnow
from app.core.ids import uuid7
from app.models.public import DomainRow
from app.routers import guides
from app.settings import Settings
from app.webhooks.signature import new_secret, sign
from tests.actors import Business
from tests.browser.site import serving
from tests.docs.markdown import Block, blocks, headings, section, shows

RUN = {"sh", "python"}
END_OF_STEP = "—— end of step"
SOURCES = [source for source in guides.sources().values() if any(block.language in RUN for block in blocks(source))]
WORK = {"weekly": [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(1, 8)], "overrides": []}


async def furnish(business: Business, token: str) -> str:
    """Somebody who serves, and two services; the id of the second."""
    desk = business.at(business.host, token)
    ada = await business.make("/resources", {"kind": "staff", "name": "Ada"}, client=desk)
    answer = await desk.put(f"/api/v1/resources/{ada['id']}/schedule", json=WORK | {"timezone": "Europe/Berlin"})
    assert answer.status_code == 200, answer.text
    for name in ("Beard trim", "Haircut"):
        body = {"name": name, "duration_minutes": 60, "requirements": [{"resource_ids": [ada["id"]]}]}
        made = await business.make("/services", body, client=desk)
    return str(made["id"])


@pytest.fixture
async def environment(business: Business, settings: Settings) -> AsyncIterator[dict[str, str]]:
    """What the guides take from the environment. The business answers at an address that needs no look-up."""
    token = await business.token(*sorted(SCOPES), mode="test")
    service = await furnish(business, token)
    async with serving(settings) as site:
        domain = DomainRow(id=uuid7(), hostname="127.0.0.1", kind="custom", tenant_id=business.id, created_at=utcnow())
        async with site.app.state.database.transaction() as session:
            session.add(domain)
        yield {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "API": f"http://127.0.0.1:{site.port}/api/v1",
            "TOKEN": token,
            "SERVICE": service,
        }
        async with site.app.state.database.transaction() as session:
            await session.delete(domain)


def steps(source: Path) -> list[tuple[Block, Block | None]]:
    """The blocks of a guide that are run, each with what it is to print."""
    found = list(blocks(source))
    following = [*found[1:], None]
    return [
        (block, after if after is not None and after.is_output else None)
        for block, after in zip(found, following, strict=True)
        if block.language in RUN
    ]


def command(block: Block) -> str:
    text = block.text if block.language == "sh" else f"python - <<'PYTHON'\n{block.text}PYTHON\n"
    return f"{text}\necho '{END_OF_STEP}'\n"


def readable(printed: str, language: str) -> str:
    """JSON as the guides print it: one field a line."""
    return json.dumps(json.loads(printed), indent=4, ensure_ascii=False) if language == "json" else printed


async def take_steps(source: Path, environment: dict[str, str]) -> list[str]:
    """Take all steps of a guide in one shell; what each of them printed."""
    script = "".join(command(block) for block, _ in steps(source))
    process = await asyncio.create_subprocess_exec(
        "/bin/bash",
        "-euo",
        "pipefail",
        "-c",
        script,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode().split(f"{END_OF_STEP}\n")[:-1]


class TestExamples:
    async def test_print_what_the_guides_say(self, environment: dict[str, str]) -> None:
        for source in SOURCES:
            printed = await take_steps(source, environment)
            for (block, shown), actual in zip(steps(source), printed, strict=True):
                place = f"{source.name}, line {block.line}"
                if shown is not None:
                    now = readable(actual, shown.language)
                    assert shows(shown.text, now), f"{place}, now prints:\n{now}"


class TestWebhooks:
    @pytest.fixture
    def receivers(self) -> dict[str, Any]:
        """The functions that the guide shows."""
        names: dict[str, Any] = {}
        for block in blocks(guides.sources()["webhooks"]):
            if block.language == "python":
                exec(block.text, names)  # noqa: S102 — our own guide
        return names

    @pytest.fixture
    def message(self) -> tuple[str, dict[str, str], bytes]:
        """A secret, and the headers and body of a message that it signed."""
        secret, body, now = new_secret(), b'{"type":"appointment.created"}', int(time.time())
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now)}
        return secret, headers | {"webhook-signature": sign([new_secret(), secret], "msg_1", now, body)}, body

    def test_what_we_sign_is_taken(self, receivers: dict[str, Any], message: tuple[str, dict[str, str], bytes]) -> None:
        secret, headers, body = message
        assert receivers["receive"](secret, headers, body) == {"type": "appointment.created"}
        assert receivers["is_genuine"](secret, headers, body)

    def test_what_was_altered_is_not(
        self, receivers: dict[str, Any], message: tuple[str, dict[str, str], bytes]
    ) -> None:
        secret, headers, body = message
        stale = headers | {"webhook-timestamp": str(int(time.time()) - 3600)}
        for altered in ((new_secret(), headers, body), (secret, headers, body + b" "), (secret, stale, body)):
            assert not receivers["is_genuine"](*altered)
            with pytest.raises(WebhookVerificationError):
                receivers["receive"](*altered)


class TestScopes:
    def test_are_all_listed(self) -> None:
        listed = section(guides.sources()["authentication"], "Scopes")
        assert {scope for scope in SCOPES if f"`{scope}`" in listed} == SCOPES


class TestTitles:
    def test_there_is_one_a_guide(self) -> None:
        assert all(len(headings(source, level=1)) == 1 for source in guides.sources().values())
