"""Check that uv.lock and requirements/ name the public registry alone, carry hashes, and agree."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

REGISTRY = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/"
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*])?==([^\s;]+)(?: ; [^\\]*)?((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$")

Pins = dict[tuple[str, str], set[str]]


def locked(problems: list[str]) -> Pins:
    """Return the hashes by name and version in uv.lock, the project itself excepted."""
    pins: Pins = {}
    for package in tomllib.loads(Path("uv.lock").read_text())["package"]:
        if package["source"] == {"editable": "."}:
            continue
        if package["source"] != {"registry": REGISTRY}:
            problems.append(f"uv.lock: {package['name']} comes from {package['source']}")
        files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        problems.extend(
            f"uv.lock: {file.get('url')} is elsewhere" for file in files if not file.get("url", "").startswith(FILES)
        )
        pins[package["name"], package["version"]] = {file["hash"].removeprefix("sha256:") for file in files}
    return pins


def required(path: Path, problems: list[str]) -> Pins:
    """Return the hashes by name and version in a requirements file; only comments may stand beside them."""
    pins: Pins = {}
    for entry in entries(path.read_text()):
        if match := PIN.match(entry):
            pins[match[1], match[2]] = set(re.findall(r"[0-9a-f]{64}", match[3]))
        else:
            problems.append(f"{path}: not a version with its hashes: {entry.splitlines()[0]}")
    return pins


def entries(text: str) -> Iterator[str]:
    """Yield the logical lines without comments."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    yield from filter(None, re.split(r"(?<!\\)\n", lines))


def main() -> int:
    problems: list[str] = []
    lock = locked(problems)
    fallback = required(Path("requirements/development.txt"), problems)
    for name, version in sorted(lock.keys() ^ fallback.keys()):
        where = "uv.lock" if (name, version) in lock else "requirements/development.txt"
        problems.append(f"only {where} has {name} {version}: run script/lock")
    problems.extend(
        f"requirements/development.txt: {name} {version} has hashes unknown to uv.lock: run script/lock"
        for (name, version), hashes in fallback.items()
        if not hashes <= lock.get((name, version), hashes)
    )
    for name in ("uv.txt", "build.txt"):
        required(Path("requirements") / name, problems)
    print("\n".join(problems) or f"{len(lock)} packages, all from the public registry, with hashes")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
