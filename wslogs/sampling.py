"""Some lines of a block with the times that they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import pairwise

Clock = Callable[[bytes], float | None]
"""A line -> when it was written, epoch seconds; None when it does not say."""
_FEW = 16 << 10
"""Of a block this small the time of every line is asked for."""
_EVEN = 16
_MOST = 64
"""Lines of a block whose time is asked for, about: so many evenly, and so many in all."""
_CLOSE_S = 60.0
"""A surplus of a minute is looked into no further."""
_TRIES = 50
"""Lines that are tried for one that has a time."""


def sample(block: bytes, clock: Clock) -> list[tuple[int, float]]:
    """(where a line begins, its time) of some lines, in order: some evenly, the last, and the edges of what may be holes.

    Where two lines are further apart in time than the bytes between them let expect, the middle one is asked next, and so on:
    halving the largest surplus first leads to the edges of a hole.
    """
    if len(block) <= _FEW:
        return [row for start in _starts(block) if (row := _timed(block, start, start + 1, clock)) is not None]
    last = next((row for start in _back(block) if (row := _timed(block, start, start + 1, clock)) is not None), None)
    if last is None:
        return []
    edges = [block.find(b"\n", len(block) * part // _EVEN) + 1 for part in range(1, _EVEN)]
    even = [_timed(block, start, last[0], clock) for start in (0, *filter(None, edges))]
    rows = sorted({last, *(row for row in even if row is not None)})
    paces = sorted((two[1] - one[1]) / (two[0] - one[0]) for one, two in pairwise(rows))
    pace = paces[len(paces) // 2] if paces else 0.0

    def surplus(one: tuple[int, float], two: tuple[int, float]) -> tuple[float, tuple[int, float], tuple[int, float]]:
        return one[1] - two[1] + pace * (two[0] - one[0]), one, two

    found = [surplus(one, two) for one, two in pairwise(rows)]
    heapify(found)
    while found and found[0][0] < -_CLOSE_S and len(rows) < _MOST:
        _, one, two = heappop(found)
        middle = block.rfind(b"\n", 0, (one[0] + two[0]) // 2) + 1
        row = _timed(block, middle if middle > one[0] else block.find(b"\n", one[0]) + 1, two[0], clock)
        if row is not None:
            rows.append(row)
            heappush(found, surplus(one, row))
            heappush(found, surplus(row, two))
    return sorted(rows)


def _timed(block: bytes, start: int, end: int, clock: Clock) -> tuple[int, float] | None:
    """The first line that begins in a range, at a line's start, and has a time."""
    for _ in range(_TRIES):
        if start >= end:
            return None
        stop = block.find(b"\n", start)
        stop = len(block) if stop < 0 else stop
        if (at := clock(block[start:stop])) is not None:
            return start, at
        start = stop + 1
    return None


def _starts(block: bytes) -> Iterator[int]:
    start = 0
    while start < len(block):
        yield start
        start = block.find(b"\n", start) + 1 or len(block)


def _back(block: bytes) -> Iterator[int]:
    """Where the last lines begin, from the last one back."""
    end = len(block)
    for _ in range(_TRIES):
        if end <= 0:
            return
        end = block.rfind(b"\n", 0, end - 1) + 1
        yield end
