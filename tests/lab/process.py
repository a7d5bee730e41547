"""Child processes that end: each in its own group, stopped by pid, with bounded waits."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_S = 5.0
# If the recorder itself is killed, the kernel ends its children.
WITH_PARENT = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


class Child:
    def __init__(self, argv: Sequence[str], log: Path, cwd: Path, environment: Mapping[str, str]) -> None:
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                (*WITH_PARENT, *argv),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                cwd=cwd,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def wait(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends the whole group; what does not end politely is killed."""
        self.send(number)
        self.wait(STOP_S)
        self.send(signal.SIGKILL)
        self.wait(STOP_S)
