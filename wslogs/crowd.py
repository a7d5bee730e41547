"""Tries that only an access log tells of, as columns: too many to look at each, and alike in all that decides.

The log of a fleet holds a million of them and a few dozen classes. Of each class some are looked at for themselves, like any
other try, and each of the rest is judged as the one of its class that is nearest in time. Which ones are looked at depends on
their bytes alone, and not on how a file was cut into parts or who read which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wslogs.model import Attempt, Event, Source, Tier, Token, What

EACH = 5_000
"""So many tries, and fewer, are all looked at for themselves."""
SOME = 1_000
"""Of more, about so many are."""
MOST_EACH = 400
"""Lines of one class that are kept until it is known how many there are of all."""
_FEWEST = 5
"""Of each class, however many classes there are."""
_REDIAL_S = 10.0
_APART_S = 2.0
"""Tiers tell of one moment, each by its own whole second."""
_AT_ONCE = 250_000
"""Rows for which the nearest is looked for at a time: what is worked out on the way must not fill the memory."""
_SPENT = ("at", "lasted", "chance", "class")
"""Columns that nobody needs once it is known when each row began and by which it is judged."""
_TUNNEL = 101
_ODD, _BITS = 0x9E3779B97F4A7C15 - (1 << 64), (1 << 61) - 1
"""What numbers are mixed with, and the bits that a class has."""
_COLUMNS: Mapping[str, type[Any]] = {
    "source": np.int32, "line": np.int64, "at": np.float64, "lasted": np.float64, "kind": np.int32, "token": np.int32,
    "client": np.int32, "agent": np.int32, "chance": np.uint32,
}  # fmt: skip
"""Of Rows, and their dtypes. -1 is none, not-a-number is a time that the row does not tell. `classed` adds "class"."""

Column = NDArray[Any]
"""One of a dtype of _COLUMNS."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Rows:
    """Rows of access logs in the order of files and lines: one array for each column, all of one length."""

    sources: list[str] = field(default_factory=list)
    kinds: list[Event] = field(default_factory=list)
    """What rows have in common: an event without time, token, client and agent."""
    tokens: list[Token] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=lambda: {name: np.empty(0, of) for name, of in _COLUMNS.items()})
    raws: dict[int, bytes] = field(default_factory=dict)
    """Position -> line, of those that may be looked at for themselves."""

    def __len__(self) -> int:
        return len(self.columns["line"])

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def of_kind(self, tell: Callable[[Event], float]) -> Floats:
        """A number that all rows of a kind share, for each row."""
        return np.array([tell(kind) for kind in self.kinds] or [0.0])[self["kind"]] if len(self) else np.empty(0)

    def like(self, columns: dict[str, Column], raws: dict[int, bytes] | None = None) -> Rows:
        """Other rows that have the same things in common."""
        return Rows(self.sources, self.kinds, self.tokens, self.clients, self.agents, columns, raws or {})

    def where(self, wanted: Flags) -> Rows:
        """Some of the rows, in their order."""
        if wanted.all():
            return self
        places = np.flatnonzero(wanted)
        moved = {int(old): new for new, old in enumerate(places)} if self.raws else {}
        raws = {moved[place]: raw for place, raw in self.raws.items() if place in moved}
        return self.like({name: one[places] for name, one in self.columns.items()}, raws)

    def split(self, wanted: Flags) -> tuple[Rows, Rows]:
        """(these, the others without their lines). The rows themselves are gone then: two copies of all would be in memory."""
        own = self.where(wanted)
        if own is self:
            return self, self.like({name: one[:0] for name, one in self.columns.items()})
        return own, self.like({name: self.columns.pop(name)[~wanted] for name in list(self.columns)})

    @property
    def started(self) -> Floats:
        """When each try began on the clock of its log, epoch seconds; not a number where the row does not tell (correlate/sightings.py)."""
        lasted, status = self["lasted"], self.of_kind(lambda kind: kind.status or 0)
        return np.where(np.isnan(lasted), np.where(status == _TUNNEL, np.nan, self.ended), self.ended - lasted)

    @property
    def ended(self) -> Floats:
        """When each row was written: in the middle of its second, where it tells no finer."""
        made: Floats = self["at"] + self.of_kind(lambda kind: 0.5 if kind.resolution_s >= 1.0 else 0.0)
        return made


def merged(parts: Sequence[Rows]) -> Rows:
    """Rows of several parts or files, one after the other; what they have in common is told once. Their columns go into it."""
    if len(parts) == 1:
        return parts[0]
    whole = Rows()
    known: dict[str, dict[object, int]] = {name: {} for name in ("source", "kind", "token", "client", "agent")}
    names: dict[str, tuple[list[object], Callable[[Rows], Sequence[object]], Callable[[object], object]]] = {
        "source": (whole.sources, lambda part: part.sources, str),  # type: ignore[dict-item]
        "kind": (whole.kinds, lambda part: part.kinds, _kind_key),  # type: ignore[dict-item]
        "token": (whole.tokens, lambda part: part.tokens, _token_key),  # type: ignore[dict-item]
        "client": (whole.clients, lambda part: part.clients, str),  # type: ignore[dict-item]
        "agent": (whole.agents, lambda part: part.agents, str),  # type: ignore[dict-item]
    }
    columns: dict[str, list[Column]] = {name: [] for name in _COLUMNS}
    before = 0
    for part in parts:
        count = len(part)
        for name, (values, of, key) in names.items():
            codes = []
            for value in of(part):
                code = known[name].setdefault(key(value), len(values))
                values += [value] if code == len(values) else []
                codes.append(code)
            columns[name].append(np.array([*codes, -1], np.int32)[part.columns.pop(name)])
        for name in _COLUMNS.keys() - names.keys():
            columns[name].append(part.columns.pop(name))
        whole.raws |= {before + place: raw for place, raw in part.raws.items()}
        before += count
    if parts:
        whole.columns = {name: np.concatenate(columns.pop(name)) for name in _COLUMNS}
    return whole


def _kind_key(kind: object) -> object:
    assert isinstance(kind, Event)
    return kind_key(kind)


def kind_key(event: Event) -> tuple[object, ...]:
    """What tells rows of one kind from others."""
    return (
        event.path, event.host, event.status, event.upgrade, event.upstream, event.upstream_status, event.resolution_s, event.scheme,
    )  # fmt: skip


def _token_key(token: object) -> object:
    assert isinstance(token, Token)
    return token.fingerprint, token.parameter


def classes(rows: Rows, limits: Sequence[float], shown: Callable[[str | None], str | None]) -> Ints:
    """A number for each row: rows of one class differ in nothing that decides, as far as their own line tells.

    It is the same for a class in whatever part of a log, and leaves two bits free. `limits`: seconds at which it matters how
    long a socket lasted, in order. `shown` tells a path as reports do.
    """
    of_kind = [_number(_decides(kind, shown)) for kind in rows.kinds]
    length = np.where(np.isnan(rows["lasted"]), len(limits) + 1, np.searchsorted(np.array(limits), rows["lasted"]))
    codes, back = np.unique(rows["token"], return_inverse=True)
    own = [rows.tokens[code] if code >= 0 else None for code in codes.tolist()]
    numbers = {name: _number(name) for name in {one.parameter for one in own if one is not None}}
    token = np.array([0 if one is None else numbers[one.parameter] for one in own], np.int64)[back]
    expires = np.array([np.nan if one is None or one.expires is None else one.expires for one in own])[back]
    begun = np.where(np.isnan(rows.started), rows.ended, rows.started)
    expiry = np.where(np.isnan(expires), 0, np.where(begun < expires, 1, 2)) + np.where(np.abs(rows.ended - expires) <= 2.0, 3, 0)
    made: Ints = np.array([*of_kind, 0])[rows["kind"]].astype(np.int64)
    for part in (length, token, expiry):
        made = (made * _ODD + part) & _BITS  # what is too large wraps, the same way everywhere
    return made


def _number(what: object) -> int:
    """Equal ones have the same in every process, and of others none is seen to."""
    return int.from_bytes(blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=8).digest()) & _BITS


def _decides(kind: Event, shown: Callable[[str | None], str | None]) -> object:
    asked = kind.upstream if kind.upstream in (None, "-") else "asked"
    return shown(kind.path), kind.host, kind.status, kind.upgrade, asked, kind.upstream_status, kind.resolution_s


def runs(order: Ints, cut: Flags) -> list[Ints]:
    """Pieces of an order, cut before each element but the first for which `cut`, one shorter, says so."""
    return np.split(order, np.flatnonzero(cut) + 1) if len(order) else []


def lowest(of: Ints, chance: Column, most: int) -> Flags:
    """The rows with the lowest chances of each class, at most so many of one."""
    order = np.lexsort((chance, of))
    sorted_ = of[order]
    firsts = np.flatnonzero(np.r_[True, sorted_[1:] != sorted_[:-1]]) if len(order) else np.empty(0, np.int64)
    rank = np.arange(len(order)) - np.repeat(firsts, np.diff(np.r_[firsts, len(order)]))
    found = np.zeros(len(order), np.bool_)
    found[order[rank < most]] = True
    return found


def candidates(of: Ints, chance: Column, wanted: Flags) -> Flags:
    """Rows that may yet be looked at for themselves, whatever further rows there are: some of each class, and of those wanted."""
    return lowest(of, chance, MOST_EACH) | _few(wanted, chance)


def chosen(rows: Rows, wanted: Flags) -> Flags:
    """Which rows, `classed`, are looked at for themselves: all of few; else some of each class, and those that other tiers tell of."""
    if len(rows) <= EACH:
        return np.ones(len(rows), np.bool_)
    of = rows["class"]
    most = max(_FEWEST, SOME // max(1, len(np.unique(of))))
    has = np.zeros(len(rows), np.bool_)
    has[list(rows.raws)] = True
    return (lowest(of, rows["chance"], most) | _few(wanted, rows["chance"])) & has


def _few(wanted: Flags, chance: Column) -> Flags:
    """Of rows that other tiers tell of as many as are looked at."""
    return wanted & lowest(np.zeros(len(wanted), np.int64), np.where(wanted, chance, 2**32), EACH)


def classed(rows: Rows, limits: Sequence[float], shown: Callable[[str | None], str | None]) -> None:
    """Adds the column "class", an int64: its last bit tells rows whose page dialled again soon, the others are of `classes`."""
    rows.columns["class"] = classes(rows, limits, shown) * 2 + redials(rows)


@dataclass(frozen=True, slots=True)
class Dials:
    """The tries of one token on one path that are in a crowd."""

    dialler: tuple[str | None, str | None]
    """(path, fingerprint of the token)."""
    count: int
    starts: list[float]
    """In order; those without a time are left out."""
    last: tuple[bool, float, str, int]
    """Of the last one: whether its start is not told, its start, its source and line."""
    answered: bool


@dataclass(slots=True)
class Crowd:
    """Tries that are judged by one like them. Arrays are of one length, in the order of `rows`."""

    rows: Rows
    started: Floats
    """On the server's clock; not a number where no source has a time."""
    ended: Floats
    like: NDArray[np.int32]
    """Position of the attempt by which each is judged."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def error_s(self) -> Floats:
        """How far the times of each may be off."""
        return self.rows.of_kind(lambda kind: max(0.001, kind.resolution_s / 2))

    def where(self, wanted: Flags) -> Crowd:
        """Some of the tries, in their order."""
        if wanted.all():
            return self
        return Crowd(self.rows.where(wanted), self.started[wanted], self.ended[wanted], self.like[wanted])

    def dials(self, wanted: Iterable[tuple[str | None, str | None]]) -> Iterator[Dials]:
        """What is known of tries with a path and a token, each (path, fingerprint) once."""
        rows, started, diallers = self.rows, self.started, _Diallers(self.rows)
        dialler, asked = diallers.of, diallers.numbers(wanted)
        mine = np.flatnonzero(np.isin(dialler, np.array(list(asked), np.int64)))
        untold = np.isnan(started)
        order = mine[np.lexsort((rows["line"][mine], rows["source"][mine], np.nan_to_num(started[mine]), untold[mine], dialler[mine]))]
        for run in runs(order, np.diff(dialler[order]) != 0):
            last = run[-1]
            end = (
                bool(untold[last]),
                float(np.nan_to_num(started[last])),
                rows.sources[int(rows["source"][last])],
                int(rows["line"][last]),
            )
            answered = any(rows.kinds[int(kind)].status is not None for kind in np.unique(rows["kind"][run]))
            yield Dials(asked[int(dialler[last])], len(run), started[run][~untold[run]].tolist(), end, answered)


class _Diallers:
    """Who dials what, as a number for each row that its path and its token share."""

    def __init__(self, rows: Rows) -> None:
        self._paths: dict[str | None, int] = {}
        path = np.array([*(self._paths.setdefault(kind.path, len(self._paths)) for kind in rows.kinds), 0], np.int64)[rows["kind"]]
        prints: dict[str, int] = {}
        self._tokens = rows.tokens
        if len({one.parameter for one in rows.tokens}) > 1:  # one token may have come by several
            self._codes = np.array([*(prints.setdefault(one.fingerprint, 1 + len(prints)) for one in rows.tokens), 0], np.int64)
        else:
            self._codes = np.r_[np.arange(1, len(rows.tokens) + 1), 0]
        self.of: Ints = path * len(self._codes) + self._codes[rows["token"]]

    def numbers(self, wanted: Iterable[tuple[str | None, str | None]]) -> dict[int, tuple[str | None, str | None]]:
        """The numbers of (path, fingerprint of the token)."""
        asked = list(wanted)
        named = {name for _, name in asked}
        codes: dict[str | None, int] = {one.fingerprint: place for place, one in enumerate(self._tokens) if one.fingerprint in named}
        number = {name: int(self._codes[place]) for name, place in codes.items()} | {None: 0}
        return {
            self._paths[path] * len(self._codes) + number[name]: (path, name)
            for path, name in asked
            if path in self._paths and name in number
        }


def redials(rows: Rows) -> Flags:
    """Whether a socket was open and its token dialled the same path soon after, or at all where rows tell no start (facts._redial)."""
    dialler, opened = _Diallers(rows).of, (rows.of_kind(lambda kind: kind.status or 0) == _TUNNEL) & (rows["token"] >= 0)
    again = np.zeros(len(rows), np.bool_)
    mine = np.flatnonzero(np.isin(dialler, np.unique(dialler[opened])))
    if len(mine):
        again[mine] = _again(dialler[mine], rows.started[mine], rows.ended[mine])
    made: Flags = again & opened
    return made


def _again(dialler: Ints, started: Floats, ended: Floats) -> Flags:
    order = np.lexsort((np.nan_to_num(started), np.isnan(started), dialler))
    last = np.zeros(len(order), np.bool_)
    last[order[np.flatnonzero(np.r_[dialler[order][1:] != dialler[order][:-1], True])]] = True
    again: Flags = ~last & np.isnan(started)
    timed = order[~np.isnan(started[order])]
    if len(timed):
        least, span = float(np.min(started[timed])), 2.0 * (float(np.nanmax(ended)) - float(np.min(started[timed])) + 1e4)
        ranks = np.unique(dialler[timed], return_inverse=True)[1]
        keys = ranks * span + (started[timed] - least)
        after = np.searchsorted(keys, ranks * span + (np.maximum(ended[timed] - 1.0, started[timed]) - least), side="right")
        there = np.minimum(after, len(timed) - 1)
        again[timed] = (after < len(timed)) & (ranks[there] == ranks) & (started[timed[there]] - ended[timed] <= _REDIAL_S)
    return again


def judged_like(own: Rows, rest: Rows, attempts: Sequence[Attempt], sources: Mapping[str, Source]) -> Crowd | None:
    """`rest`, each judged by the nearest attempt of its class among those of the rows `own`; None when there is none.

    Both are `classed`. Where none of a class is looked at, the coarser one counts. `rest` becomes the crowd's rows, with fewer columns.
    """
    if not len(rest) or not attempts:
        return None
    shift = _clocks(rest, sources)
    crowd = Crowd(rest, rest.started + shift, rest.ended + shift, np.full(len(rest), -1, np.int32))
    place_of = {(e.source, e.line): place for place, a in enumerate(attempts) if (e := a.tiers.get(Tier.PROXY)) is not None}
    names = zip(own["source"].tolist(), own["line"].tolist(), strict=True)
    places = np.array([place_of.get((own.sources[source], line), -1) for source, line in names], np.int64)
    looked, places = own.where(places >= 0), places[places >= 0]
    if not len(looked):
        crowd.like[:] = 0
        return crowd
    begun = looked.started + _clocks(looked, sources)
    moments = np.where(np.isnan(begun), looked.ended + _clocks(looked, sources), begun)
    moment = np.where(np.isnan(crowd.started), crowd.ended, crowd.started)
    for coarser in (1, 2, 0):
        of_looked, of_rest = (one["class"] // coarser if coarser else np.zeros(len(one), np.int64) for one in (looked, rest))
        untold = np.flatnonzero(crowd.like < 0)
        for left in np.split(untold, range(_AT_ONCE, len(untold), _AT_ONCE)) if len(untold) else ():
            crowd.like[left] = _nearest(of_looked, moments, places, of_rest[left], moment[left])
    for name in _SPENT:
        del rest.columns[name]
    return crowd


def _nearest(of_own: Ints, own: Floats, places: Ints, of_rest: Ints, rest: Floats) -> Ints:
    """The place of the nearest in time of `own` to each of `rest`, both given by group and moment; -1 where its group has none."""
    known = np.unique(of_own)
    own, rest = np.nan_to_num(own), np.nan_to_num(rest)
    low, high = min(own.min(), rest.min()), max(own.max(), rest.max())
    span = 2.0 * (float(high - low) + 1.0)
    order = np.lexsort((own, of_own))
    codes, moments = np.searchsorted(known, of_own[order]), own[order]
    code = np.minimum(np.searchsorted(known, of_rest), len(known) - 1)
    fits = known[code] == of_rest
    after = np.searchsorted(codes * span + (moments - low), code * span + (rest - low))
    left, right = np.maximum(after - 1, 0), np.minimum(after, len(order) - 1)
    fits_left, fits_right = codes[left] == code, codes[right] == code
    near_left = np.abs(moments[left] - rest) <= np.abs(moments[right] - rest)
    best = np.where(fits_left & (near_left | ~fits_right), left, right)
    return np.where(fits, places[order[best]], -1)


def _clocks(rows: Rows, sources: Mapping[str, Source]) -> Floats:
    """What is to be added to the times of each row to come to the server's clock, seconds."""
    shift = np.zeros(len(rows))
    for code, name in enumerate(rows.sources):
        source = sources.get(name)
        if source is None:
            continue
        mine = rows["source"] == code
        if source.steps:
            at = np.searchsorted([line for line, _ in source.steps], rows["line"][mine], side="right")
            shift[mine] = np.array([source.offset_s, *(offset for _, offset in source.steps)])[at]
        else:
            shift[mine] = source.offset_s
    return shift


def between(crowd: Crowd, first: float, last: float) -> Crowd:
    """The tries that began, or else ended, in a time; one without a time is kept."""
    moment = np.where(np.isnan(crowd.started), crowd.ended, crowd.started)
    return crowd.where(np.isnan(moment) | ((first <= moment) & (moment <= last)))


def once(rows: Rows) -> Flags:
    """Whether a row stands in no earlier file: copies and rotations that overlap hold the same bytes of the same second."""
    kept = np.ones(len(rows), np.bool_)
    if len(rows.sources) < 2:
        return kept
    rank = np.argsort(np.argsort(rows.sources))[rows["source"]]
    order = np.lexsort((rank, rows["chance"], rows["at"]))
    same = (np.diff(rows["at"][order]) == 0) & (np.diff(rows["chance"][order].astype(np.int64)) == 0)
    for run in runs(order, ~same):
        if len(run) > 1:
            kept[run] = rank[run] == rank[run[0]]
    return kept


def moved(crowd: Crowd, attempts: Sequence[Attempt], kept: Sequence[Attempt]) -> Crowd:
    """The crowd where some attempts that no row tells of were left out."""
    places = {id(one): place for place, one in enumerate(kept)}
    like = np.array([places.get(id(one), 0) for one in attempts], np.int32)[crowd.like]
    return Crowd(crowd.rows, crowd.started, crowd.ended, like)


def unclaimed(attempts: Sequence[Attempt], crowd: Crowd) -> Iterator[Attempt]:
    """Without what another tier tells of a try of the crowd: its path and token, at the time of a row that is not looked at itself."""
    told = [
        a for a in attempts if Tier.BROWSER not in a.tiers and not any(e.tier is Tier.PROXY and e.what is What.HANDSHAKE for e in a.events)
    ]
    times = _times(crowd, {(a.path, a.token.fingerprint if a.token else None) for a in told})
    gone = {id(a) for a in told if _claims(times.get((a.path, a.token.fingerprint if a.token else None), ()), a)}
    yield from (a for a in attempts if id(a) not in gone)


def _times(crowd: Crowd, wanted: set[tuple[str | None, str | None]]) -> dict[tuple[str | None, str | None], Sequence[tuple[float, float]]]:
    """(path, token) -> (earliest, latest start) of its rows; of a row that tells its end alone it may have been at any time before."""
    diallers = _Diallers(crowd.rows)
    codes = {key: code for code, key in diallers.numbers(wanted).items()}
    paths = {kind.path for kind in crowd.rows.kinds}
    found: dict[tuple[str | None, str | None], Sequence[tuple[float, float]]] = {}
    for path, token in wanted:
        if token is not None and (path, token) in codes:
            mine = diallers.of == codes[path, token]
        elif token is None and path in paths:
            mine = crowd.rows.of_kind(lambda kind, path=path: float(kind.path == path)) > 0  # type: ignore[misc]
        else:
            continue
        low = np.where(np.isnan(crowd.started[mine]), -np.inf, crowd.started[mine])
        high = np.where(np.isnan(crowd.started[mine]), crowd.ended[mine], crowd.started[mine])
        found[path, token] = list(zip(low.tolist(), high.tolist(), strict=True))
    return found


def _claims(spans: Sequence[tuple[float, float]], attempt: Attempt) -> bool:
    at = attempt.started if attempt.started is not None else attempt.ended
    return bool(spans) if at is None else any(low - _APART_S <= at <= high + _APART_S for low, high in spans)
