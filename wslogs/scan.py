"""Blocks of bytes -> the few lines that matter, and counts of the rest.

No Python object is made for a line that holds no needle. One Aho-Corasick automaton finds all needles in one pass,
so that the cost grows with the bytes and the lines kept, not with the number of patterns. What is summed over all lines runs
beside that in threads: hashlib and RE2 let go of the interpreter's lock.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import Any, BinaryIO, Protocol

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from wslogs.model import Mark

Clock = Callable[[bytes], float | None]
"""A line -> when it was written, epoch seconds; None when it does not say."""
BLOCK = 8 << 20
EDGE = 64 << 10
LONGEST_LINE = 1 << 20
"""A line longer than this is cut there: a file without line ends must not fill the memory."""
_FEW = 16 << 10
"""Of a block this small the time of every line is asked for."""
_EVEN = 16
_MOST = 64
"""Lines of a block whose time is asked for, about: so many evenly, and so many in all."""
_CLOSE_S = 60.0
"""A surplus of a minute is looked into no further."""
_TRIES = 50
"""Lines that are tried for one that has a time."""
_AHEAD = 2
"""Blocks that are counted at a time: they are in memory."""
_SEARCHED = 1
"""Blocks that are searched ahead."""
_COUNTING = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "count")
_DIGESTING, _READING, _SEARCHING = (ThreadPoolExecutor(1, name) for name in ("digest", "read", "search"))
"""Threads start when they are needed first; those that are one read, digest and search in order. All let go of the interpreter's lock."""
_FEW_NEEDLES = 40
_AT_ONCE = 10_000
"""Lines whose places are made into numbers of Python at a time."""
Places = NDArray[Any]
"""Places in a block, or numbers of its lines."""
Match = tuple[int, int, int]
"""(which needle, where it begins, where it ends) in a block."""
Find = Callable[[bytes], Sequence[Match]]
Unknown = tuple[str, int]
"""(what a line of no known form looks like, how many lines of its block stand before it)."""


class Digest(Protocol):
    """As those of hashlib are."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Undigested:
    """Stands where no digest is asked for: that of a file in parts is made in one piece."""

    def update(self, data: bytes, /) -> None:
        """Passes over the bytes."""

    def hexdigest(self) -> str:
        return ""


class Counter(Protocol):
    """Tells which lines of a block have no known form."""

    def look(self, block: Block) -> list[Unknown]:
        """Those lines; called from threads."""

    def add(self, unknown: Iterable[Unknown], before: int) -> None:
        """Takes in what `look` gave, in order of the blocks; `before` is how many lines of the file stand before that one."""


class Line:
    """One kept line: its 1-based number, its bytes, the needles in it, and its neighbours in the block."""

    __slots__ = ("_block", "_end", "_start", "hits", "number")

    def __init__(self, block: bytes, start: int, end: int, number: int, hits: set[int]) -> None:
        self._block, self._start, self._end, self.number, self.hits = block, start, end, number, hits

    @classmethod
    def of(cls, block: Block, start: int, end: int) -> Line:
        """A line of a block, with no word on needles."""
        return cls(block.raw, start, end, block.number(start), set())

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
        looked: Future[tuple[Places, Places]] = Future()
        looked.set_result(_looked(find, raw))
        return cls(raw, looked)

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
        which = found[np.diff(found, prepend=-1) > 0]
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


class Scanner:
    """Reads one stream once.

    `needles` are lower-case; `counter` gets each block, and the lines of which it does not tell are summed into `recognised`.
    `digest` gets all bytes, in order; None: a SHA-256 of this stream alone. `alone`: no line needs the one before it, so that a
    block may end with any.
    After the scan `lines`, `size` and `sha256` tell of the whole stream, `head` and `tail` hold its first and last 64 KiB, and
    `marks` some lines of every block with the times that `clock` gives them, in the order of the file.
    """

    def __init__(
        self,
        needles: Sequence[str],
        counter: Counter | None = None,
        clock: Clock | None = None,
        digest: Digest | None = None,
        *,
        alone: bool = False,
    ) -> None:
        self._places, self._finder, self._first = _finders(tuple(needles))
        self._counter, self._clock, self._alone = counter, clock, alone
        self._digest: Digest = hashlib.sha256() if digest is None else digest
        self.lines = self.recognised = self.size = 0
        self.head = self.tail = b""
        self.marks: list[Mark] = []

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def kept(self, stream: BinaryIO) -> Iterator[Line]:
        """The lines that hold a needle, in order."""
        for block in self.blocks(stream):
            yield from (self.line(block, *place) for place in block.found())

    def blocks(self, stream: BinaryIO, find: Find | None = None) -> Iterator[Block]:
        """All lines, in order. What is told of the whole stream is told after the last block.

        `find` tells where needles are in a block, and is called from a thread; None: where those of the scanner are.
        """
        find = find or self._find
        open_end = False
        counting: deque[tuple[Block, Future[list[Unknown]]]] = deque()
        ahead: deque[Block] = deque()
        raws = self._blocks(stream)
        while (raw := next(raws, None)) is not None or ahead:
            if raw is not None:
                ahead.append(Block(raw, _SEARCHING.submit(_looked, find, raw)))
                if len(ahead) <= _SEARCHED:
                    continue
            block = ahead.popleft()
            block.before = self.lines
            if self._counter is not None:
                counting.append((block, _COUNTING.submit(self._counter.look, block)))
            yield block
            self.marks += [Mark(at, block.number(start)) for start, at in (_sample(block.raw, self._clock) if self._clock else ())]
            # A line that was cut for its length goes on in the next block and is still one line.
            open_end = not block.raw.endswith(b"\n")
            self.lines = block.before + block.count - open_end
            self._count(counting, _AHEAD)
        self._count(counting, 0)
        self.lines += open_end

    def _find(self, raw: bytes) -> Sequence[Match]:
        return self._first.find_matches_as_indexes(raw.lower()) if self._first is not None else ()

    def _count(self, counting: deque[tuple[Block, Future[list[Unknown]]]], most: int) -> None:
        """Takes in what was counted, in order, until so many blocks are left."""
        while len(counting) > most:
            block, future = counting.popleft()
            unknown = future.result()
            assert self._counter is not None
            self._counter.add(unknown, block.before)
            self.recognised += block.count - len(unknown)

    def _blocks(self, stream: BinaryIO) -> Iterator[bytes]:
        rest, chunk = b"", _READING.submit(stream.read, BLOCK).result()
        reading = _READING.submit(stream.read, BLOCK)
        while chunk:
            done = _DIGESTING.submit(self._digest.update, chunk)
            self.size += len(chunk)
            self.head += chunk[: EDGE - len(self.head)]
            self.tail = (self.tail + chunk[-EDGE:])[-EDGE:]
            following = reading.result()
            reading = _READING.submit(stream.read, BLOCK)  # while others look at what is there
            # Most blocks end at a line's start in the new bytes: these are copied once, or not at all.
            ends = not following or (self._alone and chunk.endswith(b"\n"))
            cut = len(chunk) if ends else _cut(chunk, chunk.find(b"\n") + 1 if rest else 0)
            if cut:
                yield b"".join((rest, memoryview(chunk)[:cut])) if rest or cut < len(chunk) else chunk
                rest = chunk[cut:]
            else:
                whole = rest + chunk
                cut = _cut(whole)
                if cut:
                    yield whole[:cut]
                rest = whole[cut:]
            chunk = following
            done.result()

    def line(self, block: Block, begin: int, end: int) -> Line:
        """A line that holds a needle, with those that it holds."""
        hits = set[int]()
        if self._finder is not None:
            found = self._finder.find_matches_as_indexes(block.raw[begin:end].lower(), overlapping=True)
            hits = {self._places[which] for which, _, _ in found}
        return Line(block.raw, begin, end, block.number(begin), hits)


Finder = ahocorasick_rs.BytesAhoCorasick


@lru_cache(8)  # logs of one kind have the same needles
def _finders(needles: tuple[str, ...]) -> tuple[list[int], Finder | None, Finder | None]:
    """(the needle that each form of one belongs to, what finds all forms, what finds where lines with one are)."""
    written = [(raw, place) for place, needle in enumerate(needles) for raw in sorted(_written(needle))]
    forms = [raw for raw, _ in written]
    return [place for _, place in written], Finder(forms) if forms else None, finder(forms)


def _looked(find: Find, raw: bytes) -> tuple[Places, Places]:
    """(where lines end, how many lines end before each needle) of a block. In numbers of 32 bits: a hostile one holds nothing else."""
    ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n")).astype(np.uint32)
    starts = np.fromiter((start for _, start, _ in find(raw)), np.uint32)
    return ends, ends.searchsorted(starts)


def finder(needles: Iterable[bytes]) -> Finder | None:
    """Finds where needles begin, of those that overlap the first: of few ones with vector instructions, in 10 GB/s and more."""
    words = set(needles)
    few = len(words) <= _FEW_NEEDLES  # of many the vector instructions are not used, and to compare each with each takes long
    least = sorted(word for word in words if not (few and any(other in word for other in words if other != word)))
    return Finder(least, matchkind=ahocorasick_rs.MatchKind.LeftmostFirst) if least else None


def _sample(block: bytes, clock: Clock) -> list[tuple[int, float]]:
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


def _written(needle: str) -> set[bytes]:
    """A needle as bytes of a block in ASCII lower case: other letters in either case, also in the code page of a Russian Windows."""
    if needle.isascii():
        return {needle.encode()}
    cased = {needle, needle.capitalize(), needle.upper()}
    # JSON writes them as \\u0442 where it is told to be ASCII, as Python's json is unless told otherwise.
    return {word.encode(encoding, "replace").lower() for word in cased for encoding in ("utf-8", "cp1251", "unicode_escape")}


def _cut(block: bytes, first: int = 0) -> int:
    """Where to end a block so that a traceback stays whole: before its last line that begins at the margin and follows one that does.

    0: nowhere, as far as the lines from `first` on tell. A traceback's own last line is at the margin too, but the line before
    it is indented.
    """
    cut = block.rfind(b"\n") + 1
    if not cut:
        return len(block) if len(block) > LONGEST_LINE else 0
    lowest = max(0, cut - (256 << 10))
    position, below = cut, False
    while position > max(lowest, first):
        start = max(first, block.rfind(b"\n", 0, position - 1) + 1)
        at_margin = block[start : start + 1] not in (b" ", b"\t", b"\r", b"\n")
        if at_margin and below:
            return position
        position, below = start, at_margin
    return cut if lowest or (len(block) > LONGEST_LINE and not first) else 0  # a traceback is never as long as 256 KiB
