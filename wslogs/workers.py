"""Parts of large access logs, read in another process, on this machine or on another.

A worker gets ranges of bytes, what other sources taught, and the run's key, and gives back what it read; everything else stays where
the command runs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from wslogs.errors import DefectError, WslogsError, places
from wslogs.leaks import Register
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part, Read, digest, read_part
from wslogs.version import VERSION

_SAFE = "PYTHONSAFEPATH"
Gave = tuple[Read, set[str], Register]
"""(what a part gave, paths it shows to be dialled, secrets in it)."""


@contextmanager
def safe_path() -> Iterator[None]:
    """Python that is started inside looks for no module in the current folder, which may be a bundle: multiprocessing runs `python -c`."""
    before = os.environ.get(_SAFE)
    os.environ[_SAFE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE]
        else:
            os.environ[_SAFE] = before


class Seed:
    """What every part is read with. Its repr tells nothing: logs of others hold those of arguments."""

    def __init__(self, kit: Kit) -> None:
        self.version, self.kit = VERSION, replace(kit, vault=kit.vault.twin(), paths=set(), readers={})


class Task:
    """A part, and the paths that are looked for in it."""

    def __init__(self, part: Part, led: list[str]) -> None:
        self.part, self.led = part, led


def tasks(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, and before those of a file that has several one for its SHA-256: it is made in one piece, and takes longest."""
    for part in parts:
        if part.number == 0 and part.count > 1 and not part.again:
            yield replace(part, whole=True)
        yield part


def read(seed: Seed, task: Task) -> Gave:
    """What a worker does. OSError where it cannot read the file; of other errors that are none of wslogs' nothing is told but the place."""
    part, kit = task.part, replace(seed.kit, vault=seed.kit.vault.twin(), paths=set(task.led), readers={})
    try:
        if part.whole:
            return Read(sha256=digest(part.item)), set(), Register()
        made = read_part(part, kit, hashlib.sha256() if part.count == 1 else None, threads=False)
    except (WslogsError, OSError):
        raise
    except Exception as error:  # Dask would write its text into logs
        told = f"{VERSION}, {places(error)}"
        raise DefectError(f"a defect on a worker; please report this line alone, it holds nothing of the bundle: {told}") from None
    return made, kit.paths, kit.vault.seen


def gone() -> Gave:
    """What is told of a part whose file went."""
    return Read(gone=True), set(), Register()


def learn(kit: Kit, gave: Gave) -> Read:
    """Takes in what a part taught."""
    read, paths, seen = gave
    kit.paths |= paths
    kit.vault.seen.update(seen)
    return read
