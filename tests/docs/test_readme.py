"""README's two commands and its walk, as printed, in a clone with nothing set up."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.development import places
from tests.development.watching import DEADLINE_SECONDS, wait_until
from tests.docs.copies import copy_tree
from tests.docs.markdown import ROOT, blocks, shows

README = ROOT / "README.md"
FOUND = list(blocks(README))
STEPS = [block for block in FOUND if block.language == "sh"]
ANSWERS = [block for block in FOUND if block.is_output]
END_OF_STEP = "—— end of step"
INHERITED = ("PATH", "HOME", "TMPDIR")


@contextmanager
def serving(clone: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `script/server` in a clone that has neither `.venv` nor data."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    process = subprocess.Popen(  # noqa: S603 — our own script
        (clone / "script" / "server",),
        cwd=clone,
        env={**inherited, "PORT": port, "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def take_steps(clone: Path) -> list[str]:
    """Take all steps in one shell; what each of them printed."""
    script = "".join(f"{step.text}echo '{END_OF_STEP}'\n" for step in STEPS)
    done = subprocess.run(  # noqa: S603 — our own words
        ("/bin/bash", "-euo", "pipefail", "-c", script),
        cwd=clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.split(f"{END_OF_STEP}\n")[:-1]


def server_output() -> str:
    """What the README shows of `script/server`, after the command itself."""
    (console,) = (block.text for block in FOUND if block.language == "console")
    command, printed = console.split("\n", 1)
    assert command == "$ script/server"
    return printed


@pytest.fixture
def clone() -> Iterator[Path]:
    """A copy of the repository where PostgreSQL can enter, whoever runs the tests."""
    with places.scratch_directory(places.server_account()) as scratch:
        copy_tree(scratch)
        yield scratch


class TestReadme:
    def test_every_step_shows_its_answer(self) -> None:
        assert len(STEPS) == len(ANSWERS) > 0
        assert all(step.line < answer.line for step, answer in zip(STEPS, ANSWERS, strict=True))

    def test_the_walk_goes_as_printed(self, clone: Path) -> None:
        with serving(clone) as process:
            has_come_up = (clone / ".data" / "development.json").exists
            wait_until(lambda: has_come_up() or process.poll() is not None)
            answers = take_steps(clone)
            process.send_signal(signal.SIGINT)
            printed, _ = process.communicate(timeout=DEADLINE_SECONDS)

        assert process.returncode == 0, printed
        assert shows(server_output(), printed), f"README.md, script/server now prints:\n{printed}"
        for step, written, actual in zip(STEPS, ANSWERS, answers, strict=True):
            assert shows(written.text, actual), f"README.md, line {step.line}, now prints:\n{actual}"
