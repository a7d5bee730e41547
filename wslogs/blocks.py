"""Blocks of whole lines: where their lines are, and which of them hold a needle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST_LINE = 1 << 20
"""A line longer than this is cut there: a file without line ends must not fill the memory."""
_AT_ONCE = 10_000
"""Lines whose places are made into numbers of Python at a time."""
Places = NDArray[Any]
"""Places in a block, or numbers of its lines."""
Match = tuple[int, int, int]
"""(which needle, where it begins, where it ends) in a block."""
Find = Callable[[bytes], Sequence[Match]]


class Line:
    """One kept line: its 1-based number, its bytes, the needles in it, and its neighbours in the block."""

    __slots__ = ("_block", "_end", "_start", "hits", "number")

    def __init__(self, block: bytes, start: int, end: int, number: int, hits: set[int]) -> None:
        self._block, self._start, self._end, self.number, self.hits = block, start, end, number, hits

    @classmethod
    def of(cls, block: Block, start: int, end: int) -> Line:
        """A line of a block, with no word on needles."""
        return cls(block.raw, start, end, block.number(start), set())

    def alone(self) -> Line:
        """The line without its neighbours, and so without its block."""
        return Line(self._block[self._start : self._end], 0, self._end - self._start, self.number, self.hits)

    @property
    def raw(self) -> bytes:
        return self._block[self._start : self._end].rstrip(b"\r\n")

    def following(self) -> Iterator[bytes]:
        """The lines after this one, as far as the block goes."""
        start = self._end + 1
        while start < len(self._block):
            end = self._block.find(b"\n", start)
            end = len(self._block) if end < 0 else end
            yield self._block[start:end].rstrip(b"\r")
            start = end + 1

    def preceding(self) -> Iterator[bytes]:
        """The lines before this one, nearest first, as far as the block goes."""
        end = self._start - 1
        while end > 0:
            start = self._block.rfind(b"\n", 0, end) + 1
            yield self._block[start:end].rstrip(b"\r")
            end = start - 1


class Block:
    """Whole lines of a stream, and which line of it a place in them is."""

    __slots__ = ("_looked", "before", "raw")

    def __init__(self, raw: bytes, looked: Future[tuple[Places, Places]]) -> None:
        self.raw, self.before = raw, 0
        """`before`: how many lines of the stream stand before the block."""
        self._looked = looked

    @classmethod
    def of(cls, raw: bytes, find: Find) -> Block:
        """One that is looked into at once."""
        done: Future[tuple[Places, Places]] = Future()
        done.set_result(looked(find, raw))
        return cls(raw, done)

    def number(self, place: int) -> int:
        """The 1-based number of the line at a place."""
        return self.before + int(self.ends.searchsorted(np.uint32(place))) + 1

    @property
    def ends(self) -> Places:
        """Where its lines end."""
        return self._looked.result()[0]

    @property
    def count(self) -> int:
        """How many lines it has; a last one that does not end counts."""
        return len(self.ends) + (not self.raw.endswith(b"\n"))

    def lines(self) -> tuple[Places, Places, Places]:
        """(numbers, begins, ends) of the lines that hold a needle, in order, numbers 1-based within the block: most lines hold none."""
        ends, found = self._looked.result()
        which = found[np.append(True, found[1:] != found[:-1])] if len(found) else found
        beyond = np.append(ends, len(self.raw))
        return which + 1, np.where(which > 0, beyond[which - 1] + 1, 0), beyond[which]

    def found(self) -> Iterator[tuple[int, int]]:
        """Where these lines begin and end."""
        _, begins, ends = self.lines()
        for at in range(0, len(begins), _AT_ONCE):
            yield from zip(begins[at : at + _AT_ONCE].tolist(), ends[at : at + _AT_ONCE].tolist(), strict=True)

    def line(self, place: int) -> tuple[int, int]:
        """Where the line at a place begins and ends."""
        end = self.raw.find(b"\n", place)
        return self.raw.rfind(b"\n", 0, place) + 1, len(self.raw) if end < 0 else end


def looked(find: Find, raw: bytes) -> tuple[Places, Places]:
    """(where lines end, how many lines end before each needle) of a block. In numbers of 32 bits: a hostile one holds nothing else."""
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n")).astype(np.uint32)
    starts = np.fromiter((start for _, start, _ in find(raw)), np.uint32)
    return ends, ends.searchsorted(starts)


def cut(block: bytes, first: int = 0) -> int:
    """Where to end a block so that a traceback stays whole: before its last line that begins at the margin and follows one that does.

    0: nowhere, as far as the lines from `first` on tell. A traceback's own last line is at the margin too, but the line before
    it is indented.
    """
    end = block.rfind(b"\n") + 1
    if not end:
        return len(block) if len(block) > LONGEST_LINE else 0
    lowest = max(0, end - (256 << 10))
    position, below = end, False
    while position > max(lowest, first):
        start = max(first, block.rfind(b"\n", 0, position - 1) + 1)
        at_margin = block[start : start + 1] not in (b" ", b"\t", b"\r", b"\n")
        if at_margin and below:
            return position
        position, below = start, at_margin
    return end if lowest or (len(block) > LONGEST_LINE and not first) else 0  # a traceback is never as long as 256 KiB
