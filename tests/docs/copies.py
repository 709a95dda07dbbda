"""Copies of the repository to try the documents on."""

import shutil
import subprocess
from pathlib import Path

from tests.docs.markdown import ROOT


def copy_tree(target: Path) -> None:
    """Copy all that the repository holds, or would with the next commit."""
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603 — git
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
