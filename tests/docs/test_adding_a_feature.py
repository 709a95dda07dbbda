"""`docs/adding-a-feature.md`, followed to the letter in a copy of the tree."""

import asyncio
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.copies import copy_tree
from tests.docs.markdown import ROOT, Block, blocks
from tests.tenancy.catalogue import provision, public_only

GUIDE = ROOT / "docs" / "adding-a-feature.md"
NAMED_FILE = re.compile(r"(Create|Change|writes) `([^`]+)`:$")
TIMEOUT_SECONDS = 120


class Reader:
    """Does what the guide says, in a copy of the tree."""

    def __init__(self, tree: Path, database_url: str) -> None:
        self._tree = tree
        self._database_url = database_url
        self._file = Path()
        self.doings = {"Create": self._create, "Change": self._change, "writes": self._compare}

    async def follow(self, block: Block) -> None:
        if block.language == "sh":
            await asyncio.to_thread(self._run, block.text)
            return
        named = NAMED_FILE.search(block.intro)
        if named:
            self._file = self._tree / named[2]
        self.doings[named[1] if named else "Change"](block.text)

    def _create(self, text: str) -> None:
        assert not self._file.exists()
        self._file.parent.mkdir(exist_ok=True)
        self._file.write_text(text)

    def _compare(self, text: str) -> None:
        assert self._file.read_text() == text

    def _change(self, difference: str) -> None:
        """Put in what is marked `+` and take out what is marked `-`, at the one place where the other lines stand."""
        lines = difference.splitlines(keepends=True)
        before, after = ("".join(line[1:] for line in lines if line[0] in marks) for marks in (" -", " +"))
        content = self._file.read_text()
        assert content.count(before) == 1, f"{self._file.name} has not exactly one\n{before}"
        self._file.write_text(content.replace(before, after))

    def _run(self, commands: str) -> None:
        done = subprocess.run(  # noqa: S603 — our own words
            ("/bin/bash", "-euc", commands),
            cwd=self._tree,
            env={**os.environ, "PYTHONPATH": str(self._tree), "DATABASE_URL": self._database_url},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy that shares our `.venv`."""
    copy_tree(tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


class TestGuide:
    async def test_leads_to_a_feature_that_passes_its_tests(self, tree: Path, fresh_database: str) -> None:
        async with public_only(fresh_database) as database:
            await provision(database, "tenant_demo")
        reader = Reader(tree, fresh_database)
        for block in blocks(GUIDE):
            await reader.follow(block)
