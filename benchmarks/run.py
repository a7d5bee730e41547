"""Runs commands side by side and takes the median of what each took. Speed is only ever compared: nothing here asserts a time."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

_CHILD = Path(__file__).with_name("child.py")
_LIMIT_S = 3600.0
_EVERY_S = 0.02
_WARM = 16 << 20


class CommandError(Exception):
    """A command that was to be measured failed."""


@dataclass(frozen=True, slots=True)
class Side:
    """One command of a comparison."""

    name: str
    command: tuple[str, ...]
    reads: tuple[Path, ...] = ()
    """Files that are read once before, so that all come from the page cache."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beside what this process has."""
    once: bool = False
    """Whether it is so slow that one run must do."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the wall, seconds of all processors, children included, and bytes of memory at the peak."""

    wall_s: float
    cpu_s: float
    peak: int
    runs: int = 1


def compare(sides: Sequence[Side], repeat: int = 3, of: Callable[[Sequence[Took]], Took] | None = None) -> dict[str, Took]:
    """Each side so many times, in turns, so that what else the machine does meets all of them; medians by name, or what `of` makes."""
    for side in sides:
        warm(side.reads)
    took: dict[str, list[Took]] = {side.name: [] for side in sides}
    for turn in range(repeat):
        for side in sides if turn % 2 == 0 else reversed(sides):
            if not (side.once and turn):
                took[side.name].append(run(side))
    return {name: (of or middle)(runs) for name, runs in took.items()}


def middle(runs: Sequence[Took]) -> Took:
    """The median of each figure by itself."""
    wall, cpu, peak = (median([getattr(one, name) for one in runs]) for name in ("wall_s", "cpu_s", "peak"))
    return Took(wall, cpu, round(peak), len(runs))


def least(runs: Sequence[Took]) -> Took:
    """The least of each figure by itself: where cores are few, what else the machine does only adds."""
    return Took(min(one.wall_s for one in runs), min(one.cpu_s for one in runs), min(one.peak for one in runs), len(runs))


def warm(files: Sequence[Path]) -> None:
    """Reads files once."""
    for file in files:
        with file.open("rb", buffering=0) as stream:
            while stream.read(_WARM):
                pass


def run(side: Side) -> Took:
    """Runs a command in an empty folder that is removed with all that it wrote; CommandError when it fails."""
    with tempfile.TemporaryDirectory(prefix="wslogs-bench-") as name:
        folder = Path(name)
        work, said, result = folder / "work", folder / "said", folder / "took.json"
        work.mkdir()
        command = [sys.executable, "-I", "-S", str(_CHILD), str(result), *side.command]
        environment = {**os.environ, "HOME": str(folder), **side.environment}
        with said.open("wb") as heard, subprocess.Popen(
            command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=heard, stderr=heard, start_new_session=True
        ) as process:  # fmt: skip
            tree = _Tree(process.pid)
            try:
                process.wait(_LIMIT_S)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
            finally:
                summed = tree.end()
        took = json.loads(result.read_text("utf-8")) if result.exists() else {"status": process.returncode}
        if took["status"]:
            last = said.read_bytes()[-2000:].decode("utf-8", "replace").strip()
            raise CommandError(f"`{shlex.join(side.command)}` ended with status {took['status']}: {last}")
    return Took(took["wall_s"], took["cpu_s"], max(took["peak"], summed))


def sums_children() -> bool:
    """Whether a peak is that of all processes together; without psutil it is that of the largest one."""
    return _psutil() is not None


def _psutil() -> Any:
    try:
        return importlib.import_module("psutil")
    except ImportError:
        return None


class _Tree:
    """Samples the memory of the processes below one, all together, where psutil is at hand."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak = pid, 0
        self._done = threading.Event()
        self._psutil = _psutil()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if self._psutil is not None:
            self._thread.start()

    def end(self) -> int:
        """Bytes at the peak; 0 where nothing was sampled."""
        self._done.set()
        if self._psutil is not None:
            self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._done.wait(_EVERY_S):
            try:
                below = self._psutil.Process(self._pid).children(recursive=True)
                self._peak = max(self._peak, sum(one.memory_info().rss for one in below))
            except self._psutil.Error:
                continue
