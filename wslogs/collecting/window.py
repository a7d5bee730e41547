"""The part of a log that a window of time needs, found by halving: a log of many gigabytes is not read to get its last hour."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from wslogs.parsers.heads import Heads
from wslogs.parsers.kit import decode
from wslogs.patterns import Patterns

MOST = 256 << 20
"""Bytes of one log that are taken, the last ones."""
_NEAR = 64 << 10
_TRIES = 200
"""Lines that are asked for a time before a place is given up."""
_LINE = 64 << 10
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
Clock = Callable[[bytes], float | None]
"""A line -> when it was written, epoch seconds; None where it does not say its day."""


@dataclass(frozen=True, slots=True)
class Part:
    """From which byte to which a log is taken. `note` tells what is not as asked."""

    first: int
    last: int
    note: str = ""


def clock(patterns: Patterns) -> Clock:
    """Tells the time of a line; one without a zone is in the zone of this machine."""
    heads = Heads(patterns, "app")

    def told(raw: bytes) -> float | None:
        head = heads.take(decode(raw))
        if head.at is None or head.dateless:
            return None
        return head.at if head.zoned else _local(head.at)

    return told


def _local(at: float) -> float | None:
    """A time that was read as UTC, read in this machine's zone."""
    try:
        return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def part(path: Path, since: float, told: Clock, most: int = MOST) -> Part:
    """The part of a log from the first line of the window on. OSError when it cannot be read."""
    with opened(path) as stream:
        size = stream.seek(0, io.SEEK_END)
        first = _first(stream, size, since, told)
        if first is None:
            cut = max(0, size - most)
            return Part(_start(stream, cut) if cut else 0, size, "its lines say no day: it was not cut by time")
        if size - first > most:
            return Part(_start(stream, size - most), size, f"of the window only the last {most >> 20} MB were taken")
        return Part(first, size)


def _first(stream: BinaryIO, size: int, since: float, told: Clock) -> int | None:
    """Where the first line of the window begins; None where no line says when it was written."""
    low, high = 0, size
    timed = False
    while high - low > _NEAR:
        middle = (low + high) // 2
        found = _timed(stream, _start(stream, middle), high, told)
        if found is None:
            high = middle  # no time between here and there: earlier lines decide
            continue
        timed = True
        low, high = (found[0], high) if found[1] < since else (low, middle)
    place = _start(stream, low) if low else 0
    while (found := _timed(stream, place, size, told)) is not None:
        timed = True
        if found[1] >= since:
            return found[0]
        stream.seek(found[0])
        place = found[0] + len(stream.readline(_LINE))
    return size if timed else None


def _start(stream: BinaryIO, place: int) -> int:
    """The beginning of the line at a place, or of the next one."""
    stream.seek(max(0, place - 1))
    return max(0, place - 1) + len(stream.readline()) if place else 0


def _timed(stream: BinaryIO, place: int, end: int, told: Clock) -> tuple[int, float] | None:
    """(where a line begins, its time) of the first line from a place on that says it."""
    stream.seek(place)
    for _ in range(_TRIES):
        line = stream.readline(_LINE) if place < end else b""
        if not line:
            return None
        if (at := told(line.rstrip(b"\r\n"))) is not None:
            return place, at
        place += len(line)
    return None


def opened(path: Path) -> BinaryIO:
    """A regular file, opened to be read alone; a pipe or a device is refused."""
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    if not path.is_file():
        file.close()
        raise OSError(0, "is no regular file")
    return file


def reader(path: Path, taken: Part) -> BinaryIO:
    """The bytes of a part."""
    return cast(BinaryIO, io.BufferedReader(_Until(opened(path), taken.first, taken.last - taken.first), 1 << 20))


class _Until(io.RawIOBase):
    """A part of a file as if it were all of it: what is written meanwhile is not seen."""

    def __init__(self, file: BinaryIO, first: int, size: int) -> None:
        self._file, self._first, self._size = file, first, size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence])
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants any buffer
        self._file.seek(self._first + self._place)
        data = self._file.read(max(0, min(len(buffer), self._size - self._place)))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
