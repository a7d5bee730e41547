"""A NetLog, or a test page's log, beside the HAR of the same browser: one try that both tell of is one sighting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wslogs.correlate.align import Clocks
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.model import What

_BESIDE = ("netlog", "testpage")
_APART_S = 0.5
"""DevTools and the net's own log note the start of one try within milliseconds; a busy browser takes a little longer."""


def fold(tiers: Tiers, clocks: Clocks) -> None:
    """Joins the tries of each NetLog and test page to those of the HAR that fit, and notes whose HAR it is; the others stay alone."""
    netlogs = sorted({s.source for s in tiers.browser if _kind(s, clocks) in _BESIDE})
    told = [s for s in tiers.browser if s.main.what is What.HANDSHAKE and _kind(s, clocks) == "har"]
    for path in netlogs:
        own = [s for s in tiers.browser if s.source == path]
        pairs = list(_pairs(own, told, blind=_kind(own[0], clocks) == "testpage"))
        if not pairs:
            continue
        (har, _), *_ = Counter(entry.source for _, entry in pairs).most_common(1)
        gone = set()
        for mine, entry in pairs:
            if entry.source == har:
                _join(entry, mine)
                gone.add(id(mine))
        tiers.browser = [s for s in tiers.browser if id(s) not in gone]
        tiers.partners = {console: har if of == path else of for console, of in tiers.partners.items()} | {path: har}
    for order, one in enumerate(tiers.browser):
        one.order = order


def follow(tiers: Tiers, clocks: Clocks) -> None:
    """Both files were written by one browser, on one clock."""
    for path, source in clocks.sources.items():
        har = clocks.sources.get(tiers.partners.get(path, ""))
        if source.kind in _BESIDE and har is not None:
            source.offset_s, source.error_s, source.zone_from = har.offset_s, har.error_s, har.zone_from
            clocks.move(s for s in tiers.browser if s.source == path)


def _kind(one: Sighting, clocks: Clocks) -> str:
    of = clocks.sources.get(one.source)
    return of.kind if of is not None else ""


def _pairs(own: Sequence[Sighting], told: Sequence[Sighting], *, blind: bool) -> Iterator[tuple[Sighting, Sighting]]:
    """By key; then tries of one address, the nearest in time first. `blind`: the own ones do not tell their tokens."""
    keys = {entry.main.key: entry for entry in told if entry.main.key}
    left, taken = [], set()
    for mine in own:
        entry = keys.pop(mine.main.key, None) if mine.main.key else None
        if entry is None:
            left.append(mine)
        else:
            taken.add(id(entry))
            yield mine, entry
    near = [(far, a, b) for a, mine in enumerate(left) for b, entry in enumerate(told) if (far := _far(mine, entry, blind)) is not None]
    used: set[int] = set()
    for _, a, b in sorted(near):
        if a not in used and id(told[b]) not in taken:
            used.add(a)
            taken.add(id(told[b]))
            yield left[a], told[b]


def _far(mine: Sighting, entry: Sighting, blind: bool) -> float | None:
    """How far apart in time two tries of one address are, seconds; None: they are not one."""
    one, other = mine.main, entry.main
    if (one.scheme, one.host, one.path) != (other.scheme, other.host, other.path) or not (blind or mine.token == entry.token):
        return None
    if (one.key and other.key and one.key != other.key) or (None not in (mine.opened, entry.opened) and mine.opened != entry.opened):
        return None
    if mine.start is not None and entry.start is not None:
        apart, most = abs(mine.start - entry.start), _APART_S
    elif mine.end is not None and entry.end is not None:  # a HAR knows of a try that failed before its request only when it failed
        apart, most = abs(mine.end - entry.end), _APART_S + entry.resolution_s
    else:
        return None
    return apart if apart <= most else None


def _join(entry: Sighting, mine: Sighting) -> None:
    for event in mine.events:
        entry.add(event)
    entry.status, entry.opened = entry.status or mine.status, mine.opened if entry.opened is None else entry.opened
    if entry.start is None:
        entry.start, entry.end, entry.resolution_s = mine.start, mine.end, mine.resolution_s
    entry.end = mine.end if entry.end is None else entry.end  # open when the HAR was exported
