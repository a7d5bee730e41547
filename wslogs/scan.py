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
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, BinaryIO, Protocol

import ahocorasick_rs

from wslogs.blocks import Block, Find, Line, Match, cut, looked
from wslogs.model import Mark
from wslogs.sampling import Clock, sample

BLOCK = 4 << 20
EDGE = 64 << 10


@dataclass(frozen=True, slots=True)
class _Beside:
    """Who does what a scan needs beside the search for lines."""

    counting: Executor
    digesting: Executor
    reading: Executor
    searching: Executor
    counted: int
    """Blocks that are counted at a time: they are in memory."""
    searched: int
    """Blocks that are searched ahead."""


class _WhenAsked(Executor):
    """Does things when somebody asks what came of them."""

    def submit(self, what: Any, /, *values: Any, **named: Any) -> Future[Any]:
        return _Asked(partial(what, *values, **named))


class _Asked(Future[Any]):
    def __init__(self, what: Callable[[], Any]) -> None:
        super().__init__()
        self._what = what

    def result(self, timeout: float | None = None) -> Any:
        if not self.done():
            self.set_result(self._what())
        return super().result(timeout)


_THREADS = _Beside(
    ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "count"),
    ThreadPoolExecutor(1, "digest"),
    ThreadPoolExecutor(1, "read"),
    ThreadPoolExecutor(1, "search"),
    counted=2,
    searched=1,
)
"""They start when they are needed first; those that are one read, digest and search in order. All let go of the interpreter's lock."""
_NOBODY = _Beside(_WhenAsked(), _WhenAsked(), _WhenAsked(), _WhenAsked(), counted=0, searched=0)
"""Where each core has a process of its own, threads would only wait for each other."""
_FEW_NEEDLES = 40
_MUCH = 16 << 20
"""Bytes of a stream after which it pays to make a faster automaton."""
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


class Scanner:
    """Reads one stream once.

    `needles` are lower-case; `counter` gets each block, and the lines of which it does not tell are summed into `recognised`.
    `digest` gets all bytes, in order; None: a SHA-256 of this stream alone. `alone`: no line needs the one before it, so that a
    block may end with any. `threads`: whether there are cores that would have nothing to do.
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
        threads: bool = True,
    ) -> None:
        self._needles = tuple(needles)
        self._places, self._finder, self._first = _finders(self._needles)
        self._counter, self._clock, self._alone = counter, clock, alone
        self._beside = _THREADS if threads else _NOBODY
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
                ahead.append(Block(raw, self._beside.searching.submit(looked, find, raw)))
                if len(ahead) <= self._beside.searched:
                    continue
            block = ahead.popleft()
            block.before = self.lines
            if self._counter is not None:
                counting.append((block, self._beside.counting.submit(self._counter.look, block)))
            yield block
            self.marks += [Mark(at, block.number(start)) for start, at in (sample(block.raw, self._clock) if self._clock else ())]
            # A line that was cut for its length goes on in the next block and is still one line.
            open_end = not block.raw.endswith(b"\n")
            self.lines = block.before + block.count - open_end
            self._count(counting, self._beside.counted)
        self._count(counting, 0)
        self.lines += open_end

    def _find(self, raw: bytes) -> Sequence[Match]:
        first = self._first if self.size < _MUCH else _faster(self._needles)
        return first.find_matches_as_indexes(raw.lower()) if first is not None else ()

    def _count(self, counting: deque[tuple[Block, Future[list[Unknown]]]], most: int) -> None:
        """Takes in what was counted, in order, until so many blocks are left."""
        while len(counting) > most:
            block, future = counting.popleft()
            unknown = future.result()
            assert self._counter is not None
            self._counter.add(unknown, block.before)
            self.recognised += block.count - len(unknown)

    def _blocks(self, stream: BinaryIO) -> Iterator[bytes]:
        rest, chunk = b"", self._beside.reading.submit(stream.read, BLOCK).result()
        reading = self._beside.reading.submit(stream.read, BLOCK)
        while chunk:
            done = self._beside.digesting.submit(self._digest.update, chunk)
            self.size += len(chunk)
            self.head += chunk[: EDGE - len(self.head)]
            self.tail = (self.tail + chunk[-EDGE:])[-EDGE:]
            following = reading.result()
            reading = self._beside.reading.submit(stream.read, BLOCK)  # while others look at what is there
            # Most blocks end at a line's start in the new bytes: these are copied once, or not at all.
            ends = not following or (self._alone and chunk.endswith(b"\n"))
            end = len(chunk) if ends else cut(chunk, chunk.find(b"\n") + 1 if rest else 0)
            if end:
                yield b"".join((rest, memoryview(chunk)[:end])) if rest or end < len(chunk) else chunk
                rest = chunk[end:]
            else:
                whole = rest + chunk
                end = cut(whole)
                if end:
                    yield whole[:end]
                rest = whole[end:]
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


@lru_cache(8)
def _faster(needles: tuple[str, ...]) -> Finder | None:
    """What finds where lines with a needle are in two thirds of the time, and takes ten times as long to make."""
    return finder((raw for needle in needles for raw in _written(needle)), ahocorasick_rs.Implementation.DFA)


def finder(needles: Iterable[bytes], how: ahocorasick_rs.Implementation | None = None) -> Finder | None:
    """Finds where needles begin, of those that overlap the first: of few ones with vector instructions, in 10 GB/s and more.

    `how`: as the library takes it for many ones; None: it chooses.
    """
    words = set(needles)
    few = len(words) <= _FEW_NEEDLES  # of many the vector instructions are not used, and to compare each with each takes long
    least = sorted(word for word in words if not (few and any(other in word for other in words if other != word)))
    return Finder(least, ahocorasick_rs.MatchKind.LeftmostFirst, implementation=None if few else how) if least else None


def _written(needle: str) -> set[bytes]:
    """A needle as bytes of a block in ASCII lower case: other letters in either case, also in the code page of a Russian Windows."""
    if needle.isascii():
        return {needle.encode()}
    cased = {needle, needle.capitalize(), needle.upper()}
    # JSON writes them as \\u0442 where it is told to be ASCII, as Python's json is unless told otherwise.
    return {word.encode(encoding, "replace").lower() for word in cased for encoding in ("utf-8", "cp1251", "unicode_escape")}
