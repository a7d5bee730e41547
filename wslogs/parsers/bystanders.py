"""What an access log tells of other requests at the time of a failed try: whether the app answered them.

Rows of other requests are not kept. Those around a failed row are looked at, so seldom and so few that the cost does not
grow with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, islice

from wslogs.model import Event, Source
from wslogs.parsers import access
from wslogs.parsers.kit import Kit
from wslogs.scan import Line

_AROUND = 25
"""Rows on either side."""
_LOOKS = 100
"""So often in one file."""
_APART_S = 20.0
"""Failed rows closer together than this have the same neighbours."""
_FAILED = frozenset({502, 504})
"""nginx's own answers where the app gave none."""
Row = Mapping[str, str]


class Bystanders:
    """Other requests near failed ones in one file, each once."""

    def __init__(self, source: Source, kit: Kit, row: Callable[[bytes], Row | None]) -> None:
        self._source, self._kit, self._row = source, kit, row
        self._left, self._last = _LOOKS, float("-inf")
        self._seen: dict[int, Event] = {}

    def look(self, line: Line, made: Event) -> None:
        """Reads the rows around a failed one, unless that was done a moment before."""
        if made.status not in _FAILED or not self._left or (made.at is not None and abs(made.at - self._last) < _APART_S):
            return
        self._left, self._last = self._left - 1, made.at if made.at is not None else self._last
        before = ((line.number - back, raw) for back, raw in enumerate(line.preceding(), 1))
        after = ((line.number + on, raw) for on, raw in enumerate(line.following(), 1))
        for number, raw in chain(islice(before, _AROUND), islice(after, _AROUND)):
            row = self._row(raw) if number not in self._seen else None
            told = access.other(row, self._source, number, self._kit) if row is not None else None
            if told is not None:
                self._seen[number] = told

    @property
    def found(self) -> list[Event]:
        return [self._seen[number] for number in sorted(self._seen)]
