"""Where servers keep their files, and the account they run under.

PostgreSQL refuses to run as root, so for root it runs as `nobody`, who cannot enter `/root` or a 0700 home.
What it needs from there is moved or copied to a place it can enter.
"""

import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.development.errors import DevelopmentError

LONGEST_SOCKET_DIRECTORY = 80  # a socket's whole path must stay below 100 bytes, and its name takes up to 18
MACHINE_DIRECTORY = Path("/var/lib/smoothschedule")


@dataclass(frozen=True)
class Account:
    """A system account, by its numbers."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        return self.uid == os.geteuid()


def our_account() -> Account:
    return Account(os.geteuid(), os.getegid())


def server_account() -> Account:
    """Return the account PostgreSQL can run under: `nobody` for root, ourselves for everybody else."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)
    return our_account()


def can_enter(path: Path, account: Account) -> bool:
    """Tell whether the account can walk down to `path`; whether it may read `path` itself is not asked."""
    return account.is_ours or all(parent.stat().st_mode & 0o001 for parent in path.parents if parent.exists())


def give(path: Path, account: Account) -> None:
    """Hand a directory and all it holds to the account, and close it to everybody else.

    Raises DevelopmentError if it belongs to somebody else and we are not root.
    """
    if path.stat().st_uid != account.uid:
        if os.geteuid() != 0:
            raise DevelopmentError(f"{path} belongs to another account: run as that account, or remove it.")
        for entry in (*path.rglob("*"), path):  # itself last: it tells whether an earlier try came to its end
            os.chown(entry, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)


def settle(wanted: Path, account: Account) -> Path:
    """Make `wanted` a directory of the account and return where it really lies, without symlinks.

    Where the account cannot enter, the directory (with what an earlier start left in it) moves below
    MACHINE_DIRECTORY, and `wanted` becomes a symlink to it.
    """
    wanted.parent.mkdir(parents=True, exist_ok=True)
    place = wanted.resolve()
    if can_enter(place, account):
        place.mkdir(parents=True, exist_ok=True)
        give(place, account)
        return place
    MACHINE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    reachable = Path(tempfile.mkdtemp(prefix=f"{wanted.name}-", dir=MACHINE_DIRECTORY)).resolve()
    if place.exists():
        reachable.rmdir()
        shutil.move(place, reachable)
    give(reachable, account)
    wanted.unlink(missing_ok=True)
    wanted.symlink_to(reachable)
    return reachable


def runnable_copy(program: Path, trees: Sequence[Path], account: Account) -> Path:
    """Return `program`, or its twin in a copy of the trees (neighbours) where the account cannot run it.

    Raises DevelopmentError if the account cannot run it and there are no trees to copy.
    """
    if account.is_ours or (can_enter(program, account) and program.stat().st_mode & 0o001):
        return program
    if not trees:
        raise DevelopmentError(f"Root's servers run as `nobody`, who cannot reach {program}: install it elsewhere.")
    home = trees[0].parent
    copy = MACHINE_DIRECTORY / f"{trees[0].name}-{program.stat().st_mtime_ns}"
    if not copy.exists():
        MACHINE_DIRECTORY.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="copying-", dir=MACHINE_DIRECTORY))
        for tree in trees:
            shutil.copytree(tree, unfinished / tree.name, symlinks=True)
        give(unfinished, account)
        unfinished.rename(copy)
    return copy / program.relative_to(home)


def fits_sockets(directory: Path, account: Account) -> bool:
    """Tell whether sockets can lie here: a short path, nothing that a URL would escape, open to enter."""
    path = str(directory)
    return len(path) <= LONGEST_SOCKET_DIRECTORY and quote(path) == path and can_enter(directory, account)


@contextmanager
def socket_directory(wanted: Path, account: Account) -> Iterator[Path]:
    """Yield a directory of the account that fits sockets: `wanted`, or a temporary one if it does not."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted = wanted.resolve()
    if fits_sockets(wanted, account):
        wanted.mkdir(parents=True, exist_ok=True)
        give(wanted, account)
        yield wanted
        return
    with scratch_directory(account, fits=fits_sockets) as scratch:
        give(scratch, account)
        yield scratch


@contextmanager
def scratch_directory(account: Account, *, fits: Callable[[Path, Account], bool] = can_enter) -> Iterator[Path]:
    """Yield a new directory below which the account can enter; it is deleted afterwards."""
    roots = (tempfile.gettempdir(), "/tmp")  # noqa: S108 - mkdtemp makes it safe # nosec B108
    for root in roots:
        if fits(Path(root).resolve() / "smoothschedule-12345678", account):
            break
    else:
        raise DevelopmentError(f"No usable directory for temporary files among {roots}: set TMPDIR to a short path.")
    with tempfile.TemporaryDirectory(prefix="smoothschedule-", dir=root) as name:
        scratch = Path(name).resolve()
        scratch.chmod(0o711)
        yield scratch
