"""The guide's ways to verify a webhook, in each language that it shows, on what we sign and what was tampered with."""

import base64
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.routers import guides
from app.webhooks.signature import new_secret, sign
from tests.clients.running import run
from tests.docs.markdown import ROOT, blocks
from tests.node import NODE, installed

PROGRAMS = ROOT / "tests" / "docs" / "languages"
GUIDE = guides.sources()["webhooks"]
BODY = '{"type":"customer.created","data":{"name":"Zoë Ōe 🦒"},"sequence":7}'.encode()


def message(
    secret: str, signing: list[str], *, body: bytes = BODY, at: int = 0, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Something that came, signed by those secrets `at` so many seconds from now."""
    timestamp = int(time.time()) + at
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(signing, "msg_1", timestamp, BODY),
    }
    return {"secret": secret, "headers": signed | (headers or {}), "body": base64.b64encode(body).decode()}


@pytest.fixture
def messages() -> list[tuple[dict[str, Any], bool]]:
    """What may come, and whether it is genuine."""
    ours, other = new_secret(), new_secret()
    return [
        (message(ours, [ours]), True),
        (message(ours.rstrip("="), [ours]), True),
        (message(ours, [other, ours]), True),
        (message(ours, [ours, other]), True),
        (message(ours, [ours], at=-60), True),
        (message(ours, [other]), False),
        (message(ours, [ours], body=BODY + b" "), False),
        (message(ours, [ours], body=BODY.replace(b"7", b"8")), False),
        (message(ours, [ours], at=-400), False),
        (message(ours, [ours], at=4000), False),
        (message(ours, [ours], headers={"webhook-id": "msg_2"}), False),
        (message(ours, [ours], headers={"webhook-signature": "v1,"}), False),
        (message(ours, [ours], headers={"webhook-signature": "v1a,x v1,y"}), False),
    ]


def shown(language: str) -> str:
    """The guide's code in that language: the last, where one with a library comes before it."""
    *_, found = [block.text for block in blocks(GUIDE) if block.language == language]
    return found


async def verdicts(tmp_path: Path, messages: list[dict[str, Any]], language: str) -> list[bool]:
    """What the function that is shown in a language says of each message."""
    (tmp_path / "messages.json").write_bytes(orjson.dumps(messages))
    if language == "Python":
        (tmp_path / "guide.py").write_text(shown("python"))
        program = (
            "import base64, json; from guide import is_genuine; print(json.dumps([is_genuine(each['secret'], "
            "each['headers'], base64.b64decode(each['body'])) for each in json.load(open('messages.json'))]))"
        )
        return said(await run(sys.executable, "-c", program, cwd=tmp_path))
    if language == "Go":
        shutil.copytree(PROGRAMS / "go", tmp_path, dirs_exist_ok=True)
        (tmp_path / "hooks").mkdir()
        (tmp_path / "hooks" / "hooks.go").write_text(shown("go"))
        alone = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTELEMETRY": "off"}
        kept = {"GOCACHE": str(ROOT / ".data" / "go"), "GOPATH": str(tmp_path / "path")}
        return said(await run(Path(sys.executable).parent / "go", "run", ".", cwd=tmp_path, environment=alone | kept))
    (tmp_path / "node_modules").symlink_to(await installed(PROGRAMS))
    name, fence = {"Node": ("js", "js"), "Ruby": ("rb", "ruby"), "PHP": ("php", "php")}[language]
    (tmp_path / f"guide.{name}").write_text(shown(fence))
    for each in ("package.json", f"{language.lower()}.js"):
        shutil.copy(PROGRAMS / each, tmp_path)
    return said(await run(NODE, "--no-warnings", f"{language.lower()}.js", cwd=tmp_path))


def said(printed: str) -> list[bool]:
    found: list[bool] = json.loads(printed)
    return found


class TestVerification:
    @pytest.mark.parametrize("language", ["Python", "Node", "Ruby", "Go", "PHP"])
    async def test_takes_what_is_genuine_and_nothing_else(
        self, tmp_path: Path, messages: list[tuple[dict[str, Any], bool]], language: str
    ) -> None:
        assert await verdicts(tmp_path, [each for each, _ in messages], language) == [good for _, good in messages]
