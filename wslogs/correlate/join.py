"""Sightings of two tiers -> pairs, one to one, by the strongest key there is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from wslogs.correlate.sightings import Sighting
from wslogs.model import Tier

SLACK_S = 2.5
"""Starts of one try in two tiers differ by no more, beyond what the clocks and their resolution may be off."""
_NEAREST = 12
_LATE = 1000.0
_OTHERWISE_S = 2.5
"""Two tiers that tell of different answers are the less likely one try."""
_MOST_CELLS = 1_000_000
_LENGTHS_S = 2.0
"""Lengths of one try differ between tiers by less; beyond, the difference says no more."""

_FROM_APP = (Tier.APP, Tier.PROXY, Tier.BROWSER)
_TUNNEL = 101

Pairs = dict[int, int]
Key = Callable[[Sighting], object]


def pairs(left: Sequence[Sighting], right: Sequence[Sighting]) -> Pairs:
    """Position in `left` -> position in `right`; both stand on one clock, each as far as its error bar.

    Keys, strongest first: Sec-WebSocket-Key, request id; then token, client with path, path, its last segment, and
    nothing, each by time, and by order where a side has no times.
    """
    found: Pairs = {}
    for exact in (lambda s: s.main.key, lambda s: s.request_id):
        _by_id(left, right, exact, found)
    keys: tuple[Key, ...] = (lambda s: s.token, _client_key(left, right), lambda s: s.path, lambda s: tail(s.path), lambda s: "any")
    for key in keys:
        _by_time(left, right, key, found)
        _by_order(left, right, key, found)
    return found


def _by_id(left: Sequence[Sighting], right: Sequence[Sighting], key: Key, found: Pairs) -> None:
    """An id that each side holds once: clients may send ids of their own making, and repeat them."""
    ours, theirs = _grouped(left, _free(left, found), key), _grouped(right, _free(right, found.values()), key)
    for name, places in ours.items():
        if len(places) == 1 == len(theirs.get(name, ())):
            found[places[0]] = theirs[name][0]


def _client_key(left: Sequence[Sighting], right: Sequence[Sighting]) -> Key:
    """Client and path, where both sides see clients and not just the proxy between them."""

    def clients(side: Sequence[Sighting]) -> set[str]:
        return {s.client for s in side if s.client is not None}

    shared = clients(left) & clients(right)
    return lambda s: (s.client, tail(s.path)) if s.client in shared else None


def tail(path: str | None) -> str | None:
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
        behind = min(a, b, key=lambda one: _FROM_APP.index(one.tier))
        # Accepted, and lost on the way; or passed on, and the page broke it off.
        return behind.opened is True and (behind.tier is Tier.APP or {a.status, b.status} <= {None, _TUNNEL})
    return a.opened is True or a.status is None or b.status is None or a.status == b.status


def _app_fits(proxy: Sighting, app: Sighting) -> bool:
    asked = proxy.main.upstream_status or proxy.status
    if proxy.main.upstream == "-" and not proxy.opened:
        return False
    if app.opened and proxy.opened is False:
        return asked in (499, 504)  # accepted, but later than nginx or the client would wait
    if proxy.opened and app.opened is False:
        return False
    if asked in (502, 504, 499, None) or app.status is None:
        return True
    return app.status == asked


def _free(sightings: Sequence[Sighting], used: Iterable[int]) -> list[int]:
    taken = set(used)
    return [place for place in range(len(sightings)) if place not in taken]


def _grouped(sightings: Sequence[Sighting], places: Iterable[int], key: Key) -> dict[object, list[int]]:
    groups: dict[object, list[int]] = {}
    for place in places:
        name = key(sightings[place])
        if name is not None:
            groups.setdefault(name, []).append(place)
    return groups


def _by_time(left: Sequence[Sighting], right: Sequence[Sighting], key: Key, found: Pairs) -> None:
    """Of each key as many pairs as there can be, in order where times allow it, and among those the nearest in time."""
    ours, theirs = _grouped(left, _free(left, found), key), _grouped(right, _free(right, found.values()), key)
    for name in ours.keys() & theirs.keys():
        candidates = list(_candidates(left, ours[name], right, theirs[name]))
        for a, b in _matched(candidates, left, right):
            found[a] = b


def _matched(candidates: list[tuple[float, int, int]], left: Sequence[Sighting], right: Sequence[Sighting]) -> Iterator[tuple[int, int]]:
    """The most pairs that keep the order of both sides, at the least distance: a heaviest chain, in n log n of the candidates."""
    rows = _ranks({a for _, a, _ in candidates}, left)
    columns = _ranks({b for _, _, b in candidates}, right)
    cost: dict[tuple[int, int], float] = {}
    for distance, a, b in candidates:
        place = rows[a], columns[b]
        cost[place] = min(distance, cost.get(place, distance))
    names = {rank: a for a, rank in rows.items()}, {rank: b for b, rank in columns.items()}
    for row, column in _chain(cost, len(columns)):
        yield names[0][row], names[1][column]


def _chain(cost: Mapping[tuple[int, int], float], width: int) -> Iterator[tuple[int, int]]:
    """The cells of a heaviest chain that goes down and right: the most cells, then the least cost."""
    chains = _Chains(width)
    ends: list[tuple[int, int, int | None]] = []
    row, waiting = -1, list[tuple[int, tuple[int, float], int]]()
    for (a, b), distance in sorted(cost.items()):
        if a != row:  # cells of one row do not follow each other
            chains.put(waiting)
            row, waiting = a, []
        (count, total), before = chains.best(b)
        waiting.append((b, (count + 1, total - distance), len(ends)))
        ends.append((a, b, before))
    chains.put(waiting)
    place = chains.best(width)[1]
    while place is not None:
        a, b, place = ends[place]
        yield a, b


class _Chains:
    """The best chain that ends before a column: a Fenwick tree of maxima."""

    def __init__(self, size: int) -> None:
        self._tree: list[tuple[tuple[int, float], int | None]] = [((0, 0.0), None)] * (size + 1)

    def best(self, column: int) -> tuple[tuple[int, float], int | None]:
        found: tuple[tuple[int, float], int | None] = ((0, 0.0), None)
        while column > 0:
            if self._tree[column][0] > found[0]:
                found = self._tree[column]
            column -= column & -column
        return found

    def put(self, ends: Iterable[tuple[int, tuple[int, float], int]]) -> None:
        for column, worth, name in ends:
            place = column + 1
            while place < len(self._tree):
                if worth > self._tree[place][0]:
                    self._tree[place] = (worth, name)
                place += place & -place


def _ranks(places: Iterable[int], sightings: Sequence[Sighting]) -> dict[int, int]:
    """Place -> rank in time."""
    return {place: rank for rank, place in enumerate(sorted(places, key=lambda p: (_moment(sightings[p]), sightings[p].order, p)))}


def _moment(one: Sighting) -> float:
    return one.start if one.start is not None else one.end if one.end is not None else 0.0


def _candidates(
    left: Sequence[Sighting], ours: list[int], right: Sequence[Sighting], theirs: list[int]
) -> Iterable[tuple[float, int, int]]:
    for moment in (_start, _end):
        timed = sorted((at, place) for place in theirs if (at := moment(right[place])) is not None)
        times = [at for at, _ in timed]
        widest = max((_blur(right[place]) for place in theirs), default=0.0)
        for a in ours:
            at = moment(left[a])
            if at is None or (moment is _end and _start(left[a]) is not None and _any_start(right, theirs)):
                continue
            reach = SLACK_S + widest + _blur(left[a])
            first, last = bisect_left(times, at - reach), bisect_right(times, at + reach)
            place = bisect_left(times, at)
            for other_at, b in timed[max(first, place - _NEAREST) : min(last, place + _NEAREST)]:
                if abs(other_at - at) <= SLACK_S + _blur(right[b]) + _blur(left[a]) and fits(left[a], right[b]):
                    yield abs(other_at - at) + _lengths(left[a], right[b]) + _otherwise(left[a], right[b]), a, b
    yield from _ending(left, ours, right, theirs)
    yield from _answering(left, ours, right, theirs)


def _answering(left: Sequence[Sighting], ours: list[int], right: Sequence[Sighting], theirs: list[int]) -> Iterable[tuple[float, int, int]]:
    """The line of an app that took its time stands when it answered, long after the request came in."""
    said = sorted((at, b) for b in theirs if right[b].tier is Tier.APP and (at := right[b].start) is not None)
    for a in ours:
        began, told = left[a].start, left[a].answered
        if not said or began is None or told is None or (left[a].opened and left[a].main.answered_s is None):
            continue
        first, last = bisect_left(said, (began + SLACK_S, -1)), bisect_right(said, (told[1] + _blur(left[a]), len(right)))
        for at, b in said[max(first, last - _NEAREST) : last]:
            if fits(left[a], right[b]):
                yield abs(told[1] - at), a, b


def _otherwise(a: Sighting, b: Sighting) -> float:
    return 0.0 if answer(a) == answer(b) or None in (answer(a), answer(b)) else _OTHERWISE_S


def _blur(one: Sighting) -> float:
    """How far a time may be from where it stands, as far as joins go: a clock that nobody knows is no reason to join anything."""
    return one.resolution_s + min(one.error_s, SLACK_S)


def _lengths(a: Sighting, b: Sighting) -> float:
    """How much the lengths of two tries differ: of many at one moment, those that lasted as long are the same."""
    if a.start is None or a.end is None or b.start is None or b.end is None:
        return 0.0
    apart = abs((a.end - a.start) - (b.end - b.start))
    return min(_LENGTHS_S, max(0.0, apart - a.resolution_s - b.resolution_s))


def _ending(left: Sequence[Sighting], ours: list[int], right: Sequence[Sighting], theirs: list[int]) -> Iterable[tuple[float, int, int]]:
    """A tunnel row without $request_time tells its end alone: the try began before it, and the nearest end is the likely one."""
    ends = sorted((right[b].end or 0.0, b) for b in theirs if right[b].start is None and right[b].end is not None)
    for a in ours:
        begin = _start(left[a])
        if begin is None:
            continue
        place = bisect_left(ends, (begin - 2 * SLACK_S, -1))
        for _, b in ends[place : place + _NEAREST]:
            if fits(left[a], right[b]) and (far := _far(left[a], right[b])) is not None:
                yield far, a, b
    begins = sorted((right[b].start or 0.0, b) for b in theirs if right[b].start is not None)
    for a in ours:
        if left[a].start is None and (ended := left[a].end) is not None:
            place = bisect_left(begins, (ended + 2 * SLACK_S, -1))
            for _, b in begins[max(0, place - _NEAREST) : place]:
                if fits(left[a], right[b]) and (far := _far(right[b], left[a])) is not None:
                    yield far, a, b


def _far(begun: Sighting, over: Sighting) -> float | None:
    """How unlikely a try that began here is the one that ended there; None: it ended before it began, or the ends differ."""
    if begun.start is None or over.end is None or begun.start > over.end + _blur(begun) + _blur(over):
        return None
    if begun.opened and begun.end is not None:
        apart = abs(begun.end - over.end)
        return apart if apart <= SLACK_S + _blur(begun) + _blur(over) else None
    return _LATE + abs(over.end - begun.start)


def _start(one: Sighting) -> float | None:
    return one.start


def _end(one: Sighting) -> float | None:
    return one.end


def _any_start(sightings: Sequence[Sighting], places: Iterable[int]) -> bool:
    return any(sightings[place].start is not None for place in places)


def _by_order(left: Sequence[Sighting], right: Sequence[Sighting], key: Key, found: Pairs) -> None:
    """Tries without any time on one side keep their order: the same answers in the same order are the same tries."""
    ours, theirs = _grouped(left, _free(left, found), key), _grouped(right, _free(right, found.values()), key)
    for name in ours.keys() & theirs.keys():
        a = sorted(ours[name], key=lambda place: left[place].order)
        b = sorted(theirs[name], key=lambda place: right[place].order)
        if any(_timed(left[place]) for place in a) and any(_timed(right[place]) for place in b):
            continue
        found.update(_in_order(left, a, right, b))


def _in_order(left: Sequence[Sighting], ours: list[int], right: Sequence[Sighting], theirs: list[int]) -> Iterator[tuple[int, int]]:
    """As many pairs with the same answer as keep the order of both sides; of equals the earliest."""
    if len(ours) * len(theirs) > _MOST_CELLS:
        labels = [[answer(s[place]) for place in places] for s, places in ((left, ours), (right, theirs))]
        for block in SequenceMatcher(None, labels[0], labels[1], autojunk=False).get_matching_blocks():
            yield from zip(ours[block.a : block.a + block.size], theirs[block.b : block.b + block.size], strict=True)
        return
    cells = {
        (i, j): float(i + j) / _MOST_CELLS
        for i, a in enumerate(ours)
        for j, b in enumerate(theirs)
        if answer(left[a]) == answer(right[b]) and fits(left[a], right[b])
    }
    for i, j in _chain(cells, len(theirs)):
        yield ours[i], theirs[j]


def _timed(one: Sighting) -> bool:
    return one.start is not None or one.end is not None


def answer(one: Sighting) -> object:
    """What the app answered, as each tier can know it."""
    if one.tier is Tier.PROXY and not one.opened:
        return one.main.upstream_status or one.status
    return "opened" if one.opened else one.status
