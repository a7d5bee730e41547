"""The time of a line that says none: servers and apps write into one log, and only some of them write the time."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from wslogs.blocks import Line
from wslogs.parsers.heads import Head, Heads
from wslogs.parsers.kit import decode

_NEAR = 12
"""Lines on either side that are asked."""
_CLOSE_S = 1.0
"""Lines further apart in time than this do not tell when one between them was written."""
_TRIES = 200
"""Where so many lines in a row found no neighbour with a time, the log has none."""


class Neighbours:
    """Asks the lines around a line; stops asking in a log without times."""

    def __init__(self) -> None:
        self._left = _TRIES

    def time(self, line: Line, first: int, last: int, heads: Heads, *, record: bool) -> Head | None:
        """A head with the time of the lines `first` to `last` around `line`; None when no neighbour is close enough.

        `record`: the line right before is the head of the same record, as before a traceback.
        """
        if not self._left:
            return None
        before = _timed(islice(line.preceding(), line.number - first, line.number - first + _NEAR), heads)
        if record and before is not None and before[0] == 0:
            return before[1]
        after = _timed(islice(line.following(), last - line.number, last - line.number + _NEAR), heads)
        self._left = _TRIES if before or after else self._left - 1
        if before is None or after is None:
            return None
        found, apart = before[1], _apart(before[1], after[1])
        if not 0 <= apart <= _CLOSE_S:
            return None
        found.resolution_s = max(found.resolution_s, apart)
        return found


def _timed(lines: Iterable[bytes], heads: Heads) -> tuple[int, Head] | None:
    for place, raw in enumerate(lines):
        head = heads.take(decode(raw))
        if head.at is not None:
            return place, head
    return None


def _apart(before: Head, after: Head) -> float:
    if before.at is None or after.at is None or before.zoned != after.zoned or before.dateless != after.dateless:
        return -1.0
    return after.at - before.at
