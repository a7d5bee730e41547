"""Sightings of one source, and those of the reference tier -> the offset of the source's clock, and where it steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import TypeVar

import numpy as np

from wslogs import times
from wslogs.correlate.causality import limits
from wslogs.correlate.clocks import QUARTER_S, ZONE_S, Limit, Offset, agree, settle, zone
from wslogs.correlate.join import answer, fits, tail
from wslogs.correlate.sightings import Sighting
from wslogs.model import Event, Source

KEPT_S = 2.0
"""A clock that nothing contradicts is taken to be kept by NTP, and so far off at most."""
UNKNOWN_S = 14 * 3600.0
"""A log without a zone that nothing tells may be of any (tz database: UTC-12 to UTC+14)."""
FINEST_S = 0.02
"""No error bar is finer: what the tiers log is not the instant itself, but a turn of an event loop later."""
_SNUG_S = 0.5
"""A clock that is right puts effects right after their causes. That a wrong one does so, too, takes a delay as long as it is off."""
_ENOUGH = 3
"""So many pairs may move a clock."""
_MOST_OF = 0.8
"""So many of the tries that do not fit one offset must fit the other."""
_GROUPS, _ALL, _CELLS, _PEAKS, _EDGE, _WIDE_S = 150, 900, 4_000_000, 5, 30, 2.0
"""So many keys are looked at; of a key with more than so many pairs only those near the peaks of their differences."""
_TOLD_S = 2.0
"""A correction beyond this and beyond its own error bar is told to the reader."""

_T = TypeVar("_T")
Date = tuple[float, float, float]
"""(server's Date, own time of the request, own time when the answer was there), epoch seconds."""


@dataclass(slots=True)
class Clocks:
    """The offset of each source, line by line."""

    sources: Mapping[str, Source]
    lines: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    """Source -> (line, own time) of its events, in order."""
    zones: Sequence[float] = ()
    """Seconds that bring local times of nginx's machine to UTC, most common first; two where daylight saving began or ended."""
    caveats: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    """(name of a caveat, what goes into its text)."""

    def offset(self, source: str, line: int) -> float:
        """Seconds to add to the time in this line for the server's clock."""
        of = self.sources.get(source)
        return 0.0 if of is None else of.shift(line)

    def at(self, event: Event) -> float | None:
        """An event's time on the server's clock; None where a time of day has no day."""
        return None if event.at is None or self._adrift(event.source) else event.at + self.offset(event.source, event.line)

    def _adrift(self, source: str) -> bool:
        of = self.sources.get(source)
        return of is not None and of.dateless and of.zone_from != "aligned"

    def move(self, seen: Iterable[Sighting]) -> None:
        """Brings sightings on the server's clock."""
        for one in seen:
            one.move(self.offset(one.source, one.main.line))
            if self._adrift(one.source):
                one.start = one.end = None
            one.error_s = self.error(one.source)

    def follows(self, path: str, partners: Mapping[str, str]) -> bool:
        """Whether a console has the clock of a HAR, and needs none of its own."""
        of = self.sources[path]
        return path in partners or (
            of.kind == "console" and any(s.kind in ("har", "netlog") and s.first is not None for s in self.sources.values())
        )

    def tell(self) -> None:
        """A correction that is more than a zone goes into the report."""
        for path, of in sorted(self.sources.items()):
            skew = of.offset_s - (0.0 if of.zoned else zone(of.offset_s, of.error_s))
            if not of.dateless and abs(skew) > max(_TOLD_S, 2 * of.error_s):
                self.caveats.append(("clock-corrected", {"source": path, "seconds": round(-skew, 1), "error": round(of.error_s, 1)}))
            for line, offset in of.steps:
                self.caveats.append(("clock-stepped", {"source": path, "line": line, "seconds": round(of.offset_s - offset)}))

    def error(self, source: str) -> float:
        of = self.sources.get(source)
        return of.error_s if of is not None else 0.0


def align(source: Source, own: Sequence[Sighting], others: Sequence[Sighting], dates: Sequence[Date], clocks: Clocks) -> None:
    """Gives a source its offset to the clock that `others` are on. `own` stands on its own clock."""
    fit(source, own, [*_of_dates(dates), *candidates(own, others, clocks)], clocks)


def fit(source: Source, own: Sequence[Sighting], said: Sequence[Limit], clocks: Clocks, priors: Sequence[float] = ()) -> None:
    """Gives a source the offset that most of `said` allow; `priors` are what it likely is.

    A clock that says its zone moves only where three pairs, or two Dates, ask for it. Where the pairs scatter nothing
    moves, and a caveat says so.
    """
    likely = [*priors, *_priors(source, said)]
    found = agree(said, likely)
    if found is not None and _believed(source, found, likely):
        _set(source, found, likely)
        _steps(source, own, said, found, clocks)
        return
    source.zone_from = "the log" if source.zoned else "assumed"
    source.error_s = KEPT_S if source.zoned else UNKNOWN_S
    if not source.zoned and any(s.start is not None or s.end is not None for s in own):
        clocks.caveats.append(("zone-assumed", {"source": source.path}))
    if found is not None and found.scattered and found.asked >= 2 * _ENOUGH:
        clocks.caveats.append(("clock-scattered", {"source": source.path, "pairs": found.asked}))


def by_coverage(source: Source, reference: Sequence[Source], clocks: Clocks) -> None:
    """The zone of a log without tries: UTC, as in a container, or that of nginx's machine, if one alone brings it among the others."""
    spans = [(s.first + s.offset_s, s.last + s.offset_s) for s in reference if s.first is not None and s.last is not None]
    if source.first is None or source.last is None or not spans:
        return
    first, last = source.first, source.last
    likely = [zone for zone in dict.fromkeys([0.0, *clocks.zones]) if any(first + zone <= b and a <= last + zone for a, b in spans)]
    if len(likely) == 1:
        source.offset_s, source.error_s = likely[0], KEPT_S
        clocks.caveats = [c for c in clocks.caveats if c != ("zone-assumed", {"source": source.path})]
        clocks.caveats.append(("zone-by-coverage", {"source": source.path, "zone": times.east(-likely[0])}))


def _of_dates(dates: Sequence[Date]) -> list[Limit]:
    """HTTP Date: the server stamps its second after the request leaves and before the answer comes (RFC 9110 section 6.6.1)."""
    return [Limit(date - came, date + 1.0 - asked, -1 - place, -1 - place) for place, (date, asked, came) in enumerate(dates)]


def refine(source: Source, pairs: Sequence[tuple[Sighting, Sighting]], dates: Sequence[Date], clocks: Clocks) -> bool:
    """The offset and its error bar once more, from tries that are joined. Both sides stand on the server's clock.

    Whether the offset moved so far that the joins should be looked at again.
    """
    said = []
    for place, (mine, other) in enumerate(pairs):
        if (found := limits(mine, other)) is not None and (mine.main.line < source.steps[0][0] if source.steps else True):
            error = clocks.error(other.source)
            said.append(Limit(found[0] + mine.moved_s - error, found[1] + mine.moved_s + error, place, place))
    said += _of_dates(dates)
    priors = _priors(source, said)
    agreed = agree(said, [source.offset_s, *priors])
    if agreed is None or not _believed(source, agreed, priors):
        return False
    before = source.offset_s
    _set(source, agreed, priors)
    return abs(source.offset_s - before) > 0.5


def candidates(own: Sequence[Sighting], others: Sequence[Sighting], clocks: Clocks) -> list[Limit]:
    """What pairs that may be one try say; where a key of the handshake joins two, nothing else is asked of them."""
    found: list[Limit] = []
    for mine, theirs in _groups(own, others):
        pairs = product(mine, theirs) if len(mine) * len(theirs) <= _ALL else _likely(own, mine, others, theirs)
        for a, b in pairs:
            if fits(own[a], others[b]) and (limit := limits(own[a], others[b])) is not None:
                error = clocks.error(others[b].source)
                found.append(Limit(limit[0] - error, limit[1] + error, a, b))
    return found


def _likely(own: Sequence[Sighting], mine: Sequence[int], others: Sequence[Sighting], theirs: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Of a storm with one key the pairs near the differences that most of its tries show.

    Shifted by one retry a storm fits itself but for its ends: they decide, and the first and last tries are asked.
    """
    ours, told = _timed(own, mine), _timed(others, theirs)
    if not ours or not told:
        return
    times = np.array([at for at, _ in told])
    some = np.array([at for at, _ in _spread(ours, max(1, _CELLS // len(told)))])
    seconds, counts = np.unique(np.rint(times[None, :] - some[:, None]), return_counts=True)
    peaks = {0.0, *seconds[np.argsort(-counts, kind="stable")[:_PEAKS]].tolist()}
    for at, a in [*ours[:_EDGE], *_spread(ours[_EDGE:-_EDGE], _EDGE), *ours[_EDGE:][-_EDGE:]]:
        for peak in peaks:
            first, last = np.searchsorted(times, [at + peak - _WIDE_S, at + peak + _WIDE_S])
            yield from ((a, b) for _, b in told[first:last])


def _timed(seen: Sequence[Sighting], places: Iterable[int]) -> list[tuple[float, int]]:
    """(start, or end where that is all, place), in order of time."""
    moments = ((seen[p].start if seen[p].start is not None else seen[p].end, p) for p in places)
    return sorted((at, p) for at, p in moments if at is not None)


def _groups(own: Sequence[Sighting], others: Sequence[Sighting]) -> list[tuple[list[int], list[int]]]:
    groups: list[tuple[list[int], list[int]]] = []
    used: set[int] = set()
    keys: tuple[Callable[[Sighting], object], ...] = (
        lambda s: s.main.key,
        lambda s: s.request_id,
        lambda s: (s.token, answer(s)) if s.token else None,
        lambda s: (tail(s.path), answer(s)) if not s.token else None,
        lambda s: (s.token or tail(s.path), bool(s.opened)),
    )
    for key in keys:
        theirs: dict[object, list[int]] = {}
        for place, one in enumerate(others):
            if (name := key(one)) is not None:
                theirs.setdefault(name, []).append(place)
        mine: dict[object, list[int]] = {}
        for place, one in enumerate(own):
            if place not in used and (name := key(one)) in theirs:
                mine.setdefault(name, []).append(place)
        for name, places in mine.items():
            groups.append((places, theirs[name]))
            used.update(places)
    return _spread(groups, _GROUPS)


def _spread(items: Sequence[_T], most: int) -> list[_T]:
    """At most so many, evenly from first to last."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[0]]
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _priors(source: Source, said: Sequence[Limit]) -> list[float]:
    """What the offset is before any pair speaks: nothing, or the whole quarter-hours where the log says no zone."""
    if source.zoned:
        return [0.0]
    whole = {round(end / QUARTER_S) * QUARTER_S for one in said for end in (one.low, one.high)}
    if source.dateless:
        return sorted(whole)
    return sorted((w for w in whole | {0.0} if abs(w) <= ZONE_S), key=abs)


def _believed(source: Source, found: Offset, priors: Sequence[float]) -> bool:
    """Three pairs move a clock, and so do two Dates; for a zone that the log does not say one pair is enough, if it is a whole one."""
    if found.scattered:
        return False
    if len(found.support) >= _ENOUGH or sum(own < 0 for own in found.support) > 1:
        return True
    return not source.zoned and any(found.low - KEPT_S <= prior <= found.high + KEPT_S for prior in priors)


def _set(source: Source, found: Offset, priors: Sequence[float]) -> None:
    offset, error = settle(found, priors)
    if offset in priors:
        snug = min(offset - found.low, found.high - offset) <= _SNUG_S
        error = min(error, 2 * _SNUG_S if snug else KEPT_S)
    source.offset_s, source.error_s = offset, max(error, FINEST_S)
    source.less_late_s = max(0.0, source.error_s - max(found.high - offset, FINEST_S))
    source.zone_from = "the log" if source.zoned else "aligned"


def _steps(source: Source, own: Sequence[Sighting], said: Sequence[Limit], found: Offset, clocks: Clocks) -> None:
    """A clock that was set while the log ran, or daylight saving: the tries after some line agree on another offset.

    Where nginx's own log shows the change of its zone, one try is enough to show that this log went along.
    """
    asked = {limit.own for limit in said if limit.own >= 0}
    rest = asked - found.support
    other = agree([limit for limit in said if limit.own in rest], _priors(source, said))
    if other is None or len(other.support) < _MOST_OF * len(rest):
        return
    changed = not source.zoned and all(any(side.low <= zone <= side.high for zone in clocks.zones) for side in (found, other))
    if len(other.support) < _ENOUGH and not changed:
        return
    stretches = sorted(((_reach(own, side), side) for side in (found, other)), key=lambda row: row[0])
    (before, one), (after, two) = stretches
    if before[1] >= after[0]:
        return
    priors = _priors(source, said)
    (source.offset_s, first), (step, second) = settle(one, priors), settle(two, priors)
    error = max(first, second)
    source.error_s = max(FINEST_S, min(error, KEPT_S) if {source.offset_s, step} <= set(priors) else error)
    source.steps = [(_jump(clocks.lines.get(source.path, ()), before[1], after[0], source.offset_s - step), step)]


def _reach(own: Sequence[Sighting], side: Offset) -> tuple[int, int]:
    """First and last line of the tries that agree."""
    lines = [own[place].main.line for place in side.support if place >= 0]
    return min(lines, default=0), max(lines, default=0)


def _jump(lines: Sequence[tuple[int, float]], first: int, last: int, by_s: float) -> int:
    """The line at which the log's own time jumps by half of what the clock was set, or more; else the first that shows the new offset."""
    inside = [row for row in lines if first <= row[0] <= last]
    for (_, earlier), (line, later) in pairwise(inside):
        if (later - earlier) * by_s > 0 and abs(later - earlier) >= abs(by_s) / 2:
            return line
    return last
