"""Programs that are run to collect: by absolute path and a list of arguments, never through a shell, with a limit of time and output."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SECONDS = 30.0
MOST = 64 << 20
"""Bytes of output that are taken."""
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said. `why` tells why it is not, or not all, to be had; empty: all is well."""

    out: bytes = b""
    why: str = ""

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")


def run(argv: Sequence[str], *, errors: bool = False, seconds: float = SECONDS, most: int = MOST) -> Said:
    """The standard output of a program, and with `errors` its standard error as well. One that is missing or fails is told, not raised."""
    found = shutil.which(argv[0])
    if found is None:
        return Said(why=f"{argv[0]} is not installed, or not on PATH")
    command = [str(Path(found).absolute()), *argv[1:]]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        try:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out if errors else said, start_new_session=True,
                env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},
            )  # fmt: skip
        except OSError as error:
            return Said(why=f"{argv[0]} cannot be run: {error.strerror or error.__class__.__name__}")
        why = _wait(child, out.fileno(), seconds, most)
        out.seek(0)
        taken = out.read(most)
        said.seek(0)
        if not why and child.returncode:
            why = f"{argv[0]} failed with status {child.returncode}{_reason(said.read(4096))}"
    return Said(taken, why)


def _wait(child: subprocess.Popen[bytes], out: int, seconds: float, most: int) -> str:
    """Waits for the end, and makes one where it takes too long or says too much; tells which."""
    end = time.monotonic() + seconds
    while child.poll() is None:
        late, much = time.monotonic() > end, os.fstat(out).st_size > most
        if late or much:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            return f"it was ended after {seconds:.0f} s" if late else f"only its first {most >> 20} MB were taken"
        time.sleep(_POLL_S)
    return f"only its first {most >> 20} MB were taken" if os.fstat(out).st_size > most else ""


def _reason(said: bytes) -> str:
    """Whether it was for want of rights, the one reason that can be told without quoting."""
    text = said.lower()
    denied = any(word in text for word in (b"permission denied", b"not permitted", b"must be root", b"be root", b"access denied"))
    return ": it needs more rights, such as root's" if denied else ""
