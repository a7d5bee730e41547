"""Sightings of two tiers -> pairs, one to one, by the strongest key there is. The room of pandas."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

import pandas as pd

from wslogs.correlate.sightings import Sighting
from wslogs.model import Tier

SLACK_S = 2.5
"""Starts of one try in two tiers differ by no more, beyond what the clocks and their resolution may be off."""
_NEAREST = 12
_LATE = 1000.0
_MOST_CELLS = 250_000

Pairs = dict[int, int]


def pairs(left: Sequence[Sighting], right: Sequence[Sighting], offset_s: float, error_s: float) -> Pairs:
    """Position in `left` -> position in `right`. `offset_s` brings times of `left` on the clock of `right`.

    Keys, strongest first: Sec-WebSocket-Key, request id, token with time, token with order, path with time, time alone.
    """
    found: Pairs = {}
    exact = _frame(left).merge(_frame(right), on="key", suffixes=("_l", "_r")).dropna(subset=["key"])
    for row in exact.drop_duplicates("place_l").drop_duplicates("place_r").itertuples():
        found[int(row.place_l)] = int(row.place_r)  # type: ignore[arg-type]  # pandas-stubs has no row types
    slack = SLACK_S + error_s
    keys: tuple[Callable[[Sighting], object], ...] = (lambda s: s.token, lambda s: s.path, lambda s: _tail(s.path), lambda s: "any")
    for key in keys:
        _by_time(left, right, key, offset_s, slack, found)
        _by_order(left, right, key, found)
    return found


def _frame(sightings: Sequence[Sighting]) -> pd.DataFrame:
    rows = {"place": range(len(sightings)), "key": [s.main.key for s in sightings]}
    return pd.DataFrame(rows).astype({"key": "string"}).dropna(subset=["key"])


def _tail(path: str | None) -> str | None:
    """The last segment: what a rewriting proxy_pass usually keeps."""
    return path.rstrip("/").rpartition("/")[2] or "/" if path else None


def fits(a: Sighting, b: Sighting) -> bool:
    """Whether nothing speaks against the two being one try."""
    if a.token and b.token and a.token != b.token:
        return False
    if a.main.key and b.main.key and a.main.key != b.main.key:
        return False
    tiers = {a.tier, b.tier}
    if Tier.APP in tiers and Tier.PROXY in tiers:
        return _app_fits(*((a, b) if a.tier is Tier.PROXY else (b, a)))
    if a.opened is not None and b.opened is not None and a.opened != b.opened:
        return False
    return a.opened is True or a.status is None or b.status is None or a.status == b.status


def _app_fits(proxy: Sighting, app: Sighting) -> bool:
    asked = proxy.main.upstream_status or proxy.status
    if proxy.main.upstream == "-" and not proxy.opened:
        return False
    if app.opened and proxy.opened is False:
        return asked in (499, 504)  # accepted, but later than nginx or the client would wait
    if asked in (502, 504, 499, None) or app.status is None:
        return True
    return app.status == asked


def _free(sightings: Sequence[Sighting], used: Iterable[int]) -> list[int]:
    taken = set(used)
    return [place for place in range(len(sightings)) if place not in taken]


def _grouped(sightings: Sequence[Sighting], places: Iterable[int], key: Callable[[Sighting], object]) -> dict[object, list[int]]:
    groups: dict[object, list[int]] = {}
    for place in places:
        name = key(sightings[place])
        if name is not None:
            groups.setdefault(name, []).append(place)
    return groups


def _by_time(
    left: Sequence[Sighting], right: Sequence[Sighting], key: Callable[[Sighting], object], offset_s: float, slack: float, found: Pairs
) -> None:
    """Of each key as many pairs as there can be, in order where times allow it, and among those the nearest in time."""
    ours, theirs = _grouped(left, _free(left, found), key), _grouped(right, _free(right, found.values()), key)
    for name in ours.keys() & theirs.keys():
        candidates = list(_candidates(left, ours[name], right, theirs[name], offset_s, slack))
        for a, b in _matched(candidates, left, right):
            found[a] = b


def _matched(candidates: list[tuple[float, int, int]], left: Sequence[Sighting], right: Sequence[Sighting]) -> Iterable[tuple[int, int]]:
    """The most pairs that keep the order of both sides, at the least distance; of very many candidates the closest first."""
    rows = sorted({a for _, a, _ in candidates}, key=lambda place: (_moment(left[place]), place))
    columns = sorted({b for _, _, b in candidates}, key=lambda place: (_moment(right[place]), place))
    if len(rows) * len(columns) > _MOST_CELLS:
        yield from _closest_first(candidates)
        return
    cost: dict[tuple[int, int], float] = {}
    for distance, a, b in candidates:
        cost[a, b] = min(distance, cost.get((a, b), distance))
    best = [[(0, 0.0)] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    for i, a in enumerate(rows, 1):
        for j, b in enumerate(columns, 1):
            choice = max(best[i - 1][j], best[i][j - 1])
            if (a, b) in cost:
                count, total = best[i - 1][j - 1]
                choice = max(choice, (count + 1, total - cost[a, b]))
            best[i][j] = choice
    i, j = len(rows), len(columns)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            yield rows[i], columns[j]


def _moment(one: Sighting) -> float:
    return one.start if one.start is not None else one.end if one.end is not None else 0.0


def _closest_first(candidates: list[tuple[float, int, int]]) -> Iterable[tuple[int, int]]:
    rows: set[int] = set()
    columns: set[int] = set()
    for _, a, b in sorted(candidates):
        if a not in rows and b not in columns:
            rows.add(a)
            columns.add(b)
            yield a, b


def _candidates(
    left: Sequence[Sighting], ours: list[int], right: Sequence[Sighting], theirs: list[int], offset_s: float, slack: float
) -> Iterable[tuple[float, int, int]]:
    for moment in (_start, _end):
        timed = sorted((at, place) for place in theirs if (at := moment(right[place])) is not None)
        times = [at for at, _ in timed]
        for a in ours:
            own = moment(left[a])
            if own is None or (moment is _end and _start(left[a]) is not None and _any_start(right, theirs)):
                continue
            at = own + offset_s
            place = bisect_left(times, at)
            for other_at, b in timed[max(0, place - _NEAREST) : place + _NEAREST]:
                reach = slack + right[b].resolution_s + left[a].resolution_s
                if abs(other_at - at) <= reach and fits(left[a], right[b]):
                    yield abs(other_at - at), a, b
    yield from _ending(left, ours, right, theirs, offset_s, slack)


def _ending(
    left: Sequence[Sighting], ours: list[int], right: Sequence[Sighting], theirs: list[int], offset_s: float, slack: float
) -> Iterable[tuple[float, int, int]]:
    """A tunnel row without $request_time tells its end alone: the try began before it, and the nearest end is the likely one."""
    ends = sorted((right[b].end or 0.0, b) for b in theirs if right[b].start is None and right[b].end is not None)
    for a in ours:
        begin = _start(left[a])
        if begin is None:
            continue
        place = bisect_left(ends, (begin + offset_s - slack, -1))
        for end, b in ends[place : place + _NEAREST]:
            if fits(left[a], right[b]):
                yield _LATE + end - begin - offset_s, a, b
    begins = sorted((right[b].start or 0.0, b) for b in theirs if right[b].start is not None)
    for a in ours:
        if left[a].start is None and (ended := left[a].end) is not None:
            place = bisect_left(begins, (ended + offset_s + slack, -1))
            for begin, b in begins[max(0, place - _NEAREST) : place]:
                if fits(left[a], right[b]):
                    yield _LATE + ended + offset_s - begin, a, b


def _start(one: Sighting) -> float | None:
    return one.start


def _end(one: Sighting) -> float | None:
    return one.end


def _any_start(sightings: Sequence[Sighting], places: Iterable[int]) -> bool:
    return any(sightings[place].start is not None for place in places)


def _by_order(left: Sequence[Sighting], right: Sequence[Sighting], key: Callable[[Sighting], object], found: Pairs) -> None:
    """Tries without any time on one side keep their order: the same answers in the same order are the same tries."""
    ours, theirs = _grouped(left, _free(left, found), key), _grouped(right, _free(right, found.values()), key)
    for name in ours.keys() & theirs.keys():
        a = sorted(ours[name], key=lambda place: left[place].order)
        b = sorted(theirs[name], key=lambda place: right[place].order)
        if any(_timed(left[place]) for place in a) and any(_timed(right[place]) for place in b):
            continue
        labels = [[_answer(s[place]) for place in places] for s, places in ((left, a), (right, b))]
        for block in SequenceMatcher(None, labels[0], labels[1], autojunk=False).get_matching_blocks():
            for step in range(block.size):
                if fits(left[a[block.a + step]], right[b[block.b + step]]):
                    found[a[block.a + step]] = b[block.b + step]


def _timed(one: Sighting) -> bool:
    return one.start is not None or one.end is not None


def _answer(one: Sighting) -> object:
    """What the app answered, as each tier can know it."""
    if one.tier is Tier.PROXY and not one.opened:
        return one.main.upstream_status or one.status
    return "opened" if one.opened else one.status
