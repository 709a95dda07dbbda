"""The guides' examples, run as printed against a running service."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from app.auth.permissions import SCOPES
from app.routers import guides
from app.webhooks.signature import new_secret, sign
from tests.docs.markdown import Block, blocks, headings, section, shows

RUN = {"sh", "python"}
END_OF_STEP = "—— end of step"
SOURCES = [source for source in guides.sources().values() if any(block.language in RUN for block in blocks(source))]


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
    @pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
    async def test_print_what_the_guide_says(self, source: Path, environment: dict[str, str]) -> None:
        printed = await take_steps(source, environment)
        for (block, shown), actual in zip(steps(source), printed, strict=True):
            if shown is not None:
                now = readable(actual, shown.language)
                assert shows(shown.text, now), f"{source.name}, line {block.line}, now prints:\n{now}"


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
