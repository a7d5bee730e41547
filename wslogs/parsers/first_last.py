"""The events of a log that tells of very many: the first and the last. Lines between them are not read, which takes longest."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from wslogs.blocks import Block
from wslogs.model import Event

Place = tuple[int, int]
"""Where a line begins and ends in its block."""
Read = Callable[[Block, Place, int], tuple[Event | None, int]]
"""(block, line, last line that belongs to the event before) -> (the event of the line, last line that belongs to it)."""
_WAITING = 64 << 20
"""Bytes of blocks that are kept until it is known whether they are among the last."""


class FirstLast:
    """Up to `most` events of a stream. After that `passed` tells how many lines that may be events came to nothing."""

    def __init__(self, read: Read, most: int) -> None:
        self._read = read
        self._half = max(1, most // 2)
        self._enough = 0
        """Lines that hold as many events as are kept, by those at the beginning."""
        self._waiting: deque[tuple[Block, list[Place]]] = deque()
        self._last: deque[Event] = deque(maxlen=self._half)
        self.passed = 0

    def events(self, blocks: Iterable[tuple[Block, Iterator[Place]]]) -> Iterator[Event]:
        """The events, in order; each block comes with its lines."""
        count = lines = done = 0
        for block, places in blocks:
            for place in places:
                if count == self._half:
                    self._wait(block, [place, *places])
                    break
                lines += 1
                event, done = self._read(block, place, done)
                if event is not None:
                    count += 1
                    self._enough = lines + lines // 4
                    yield event
        yield from self._end()

    def _wait(self, block: Block, places: list[Place]) -> None:
        self._waiting.append((block, places))
        while self._waiting and sum(len(some) for _, some in islice(self._waiting, 1, None)) >= self._enough:
            self.passed += len(self._waiting.popleft()[1])
        while len(self._waiting) > 1 and sum(len(one.raw) for one, _ in self._waiting) > _WAITING:
            block, places = self._waiting.popleft()
            self._keep(self._all((block, place) for place in places))

    def _keep(self, events: Iterable[Event]) -> None:
        for event in events:
            self.passed += len(self._last) == self._half
            self._last.append(event)

    def _all(self, lines: Iterable[tuple[Block, Place]]) -> Iterator[Event]:
        done = 0
        for block, place in lines:
            event, done = self._read(block, place, done)
            if event is not None:
                yield event

    def _end(self) -> Iterator[Event]:
        """The last events: from the last line back as far as it takes."""
        lines = [(block, place) for block, places in self._waiting for place in places]
        self._waiting.clear()
        left, found = len(lines), list[Event]()
        while left and len(found) < self._half:
            first = max(0, left - self._enough)
            found = [*self._all(lines[first:left]), *found]
            left = first
        self.passed += left
        self._keep(found)
        yield from self._last
