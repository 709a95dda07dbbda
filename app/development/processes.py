"""Children that end with us: started tied to our life, stopped in the way each of them likes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

from app.development import launch
from app.development.errors import DevelopmentError
from app.development.places import Account

POLL_SECONDS = 0.02
LAST_LINES = 20


def command(program: Sequence[str | Path], account: Account, orphan_signal: Signals) -> list[str]:
    """Return the command that runs a program under an account, to receive a signal when this thread ends."""
    wrapper = (sys.executable, "-I", "-S", launch.__file__)
    tie = (os.getpid(), int(orphan_signal), account.uid, account.gid)
    return [str(part) for part in (*wrapper, *tie, *program)]


class Process:
    """A running child with a log of its own; the log of the run before is kept as `.previous.log`.

    Start it from a thread that outlives it (the main thread): Linux ties it to that, not to the process.
    """

    def __init__(
        self,
        name: str,
        program: Sequence[str | Path],
        *,
        log: Path,
        account: Account,
        environment: Mapping[str, str],
        stop_signal: Signals = SIGTERM,
        hurry_signal: Signals = SIGKILL,
        orphan_signal: Signals = SIGKILL,
    ) -> None:
        self.name = name
        self.log = log
        self._stop_signal = stop_signal
        self._hurry_signal = hurry_signal
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        private = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # logs may name customers
        with os.fdopen(private, "wb") as output:
            self._child = subprocess.Popen(  # noqa: S603 - our own programs # nosec B603
                command(program, account, orphan_signal),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,  # Ctrl-C reaches us alone, so that we can stop the children in order
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    def require_running(self) -> None:
        """Raise DevelopmentError, with the log's last lines, if the child has ended."""
        code = self._child.poll()
        if code is not None:
            raise DevelopmentError(f"{self.name} {_ending(code)}. {self._last_lines()}")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return once `ready()`; raise DevelopmentError if the child ends before or the time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.require_running()
            if time.monotonic() > deadline:
                raise DevelopmentError(f"{self.name} was not ready after {seconds:.0f} s. {self._last_lines()}")
            time.sleep(POLL_SECONDS)

    def stop(self, *, patience: float = 20) -> None:
        """Stop the child and wait until it is gone; less politely each time `patience` (seconds) ends."""
        for number in (self._stop_signal, self._hurry_signal, SIGKILL):
            if self._child.poll() is not None:
                return
            self._child.send_signal(number)
            try:
                self._child.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self._child.wait()

    def hurry(self) -> None:
        """Ask the child to end at once; `stop`, wherever it is waiting, then returns."""
        self._child.send_signal(self._hurry_signal)

    def _last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join((f"The end of {self.log}:", *lines))


def _ending(code: int) -> str:
    return f"was ended by {Signals(-code).name}" if code < 0 else f"ended by itself with exit code {code}"
