"""TypeScript types, generated from the OpenAPI document: a program passes the compiler's strictest look, and books."""

import shutil
from pathlib import Path

import orjson
import pytest

from tests.actors import Business
from tests.clients.running import run
from tests.docs.markdown import ROOT
from tests.node import NODE, installed

PROGRAM = ROOT / "tests" / "clients" / "typescript"


class TestLock:
    @pytest.mark.parametrize("program", [PROGRAM, ROOT / "tests" / "docs" / "languages"], ids=lambda path: path.name)
    def test_names_no_registry(self, program: Path) -> None:
        packages = orjson.loads((program / "package-lock.json").read_bytes())["packages"]
        assert all("integrity" in package for name, package in packages.items() if name)
        assert not any("resolved" in package for package in packages.values())


class TestTypeScriptClient:
    async def test_books_an_appointment(
        self, document: Path, shop: Business, environment: dict[str, str], tmp_path: Path
    ) -> None:
        packages = await installed(PROGRAM)
        (tmp_path / "node_modules").symlink_to(packages)
        for name in ("book.ts", "tsconfig.json", "package.json"):
            shutil.copy(PROGRAM / name, tmp_path)
        # What may be left out of a request has a default: that makes it no part of every request.
        types = ("--default-non-nullable", "false", "--output", "schema.d.ts")
        await run(NODE, packages / "openapi-typescript" / "bin" / "cli.js", document, *types, cwd=tmp_path)
        await run(NODE, packages / "typescript" / "bin" / "tsc", cwd=tmp_path)
        booked = (await run(NODE, "book.ts", cwd=tmp_path, environment=environment)).strip()
        answer = await shop.owner.get(f"/api/v1/appointments/{booked}")
        assert answer.json()["status"] == "confirmed"
