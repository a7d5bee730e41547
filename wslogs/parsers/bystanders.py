"""What an access log tells of other requests at the time of a failed try: whether the app answered them.

Rows of other requests are not kept. Those around a failed row are looked at, so seldom and so few that the cost does not
grow with the file.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from wslogs.blocks import Line
from wslogs.model import Event, Source
from wslogs.parsers import access
from wslogs.parsers.kit import Kit

_AROUND = 25
"""Rows on either side."""
_LOOKS = 100
"""So often in one file."""
_APART_S = 20.0
"""Failed rows in so many seconds have the same neighbours."""
FAILED = frozenset({502, 504})
"""nginx's own answers where the app gave none."""
Row = Mapping[str, str]


class Bystanders:
    """Other requests near failed ones in one file, each once."""

    def __init__(self, source: Source, kit: Kit, row: Callable[[bytes], Row | None]) -> None:
        self._source, self._kit, self._row = source, kit, row
        self.looks: dict[int, dict[int, bytes]] = {}
        """Twenty seconds of the log's clock -> rows around the first failed one in them."""
        self._highest = 1 << 32
        """Moments with a higher chance are not among those that may be looked at."""

    def look(self, status: int | None, at: float | None, line: Callable[[], Line]) -> None:
        """Reads the rows around a failed one, unless that was done in the same moment."""
        if status not in FAILED:
            return
        moment = -1 if at is None else int(at // _APART_S)
        if moment in self.looks or _chance(moment) > self._highest:
            return
        self.looks[moment] = dict(_around(line()))
        thinned(self.looks)
        if len(self.looks) == _LOOKS:
            self._highest = max(map(_chance, self.looks))

    @property
    def found(self) -> list[Event]:
        """Each row once, in the order of the file."""
        return told({number: raw for rows in self.looks.values() for number, raw in rows.items()}, self._source, self._kit, self._row)


def told(seen: Mapping[int, bytes], source: Source, kit: Kit, row_of: Callable[[bytes], Row | None]) -> list[Event]:
    """What rows, given by their lines, tell of other requests."""
    rows = ((number, row_of(seen[number])) for number in sorted(seen))
    made = (access.other(row, source, number, kit) for number, row in rows if row is not None)
    return [one for one in made if one is not None]


def _around(line: Line) -> Iterator[tuple[int, bytes]]:
    before = ((line.number - back, raw) for back, raw in enumerate(line.preceding(), 1))
    after = ((line.number + on, raw) for on, raw in enumerate(line.following(), 1))
    return chain(islice(before, _AROUND), islice(after, _AROUND))


def thinned(looks: dict[int, Any]) -> None:
    """Leaves as many moments as may be looked at: the same ones in whatever order they came."""
    while len(looks) > _LOOKS:
        del looks[max(looks, key=_chance)]


def _chance(moment: int) -> int:
    return zlib.crc32(str(moment).encode())
