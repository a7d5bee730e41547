"""Tries that only an access log tells of: too many to look at each, and alike in all that decides.

Of each class (classes.py) some are looked at for themselves, like any other try, and each of the rest is judged as the one of its
class that is nearest in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wslogs.classes import Diallers
from wslogs.columns import Flags, Floats, Ints, Rows, runs
from wslogs.model import Attempt, Source, Tier, What

_APART_S = 2.0
"""Tiers tell of one moment, each by its own whole second."""
_AT_ONCE = 250_000
"""Rows for which the nearest is looked for at a time: what is worked out on the way must not fill the memory."""
_SPENT = ("at", "lasted", "chance", "class")
"""Columns that nobody needs once it is known when each row began and by which it is judged."""


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
        rows, started, diallers = self.rows, self.started, Diallers(self.rows)
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
    diallers = Diallers(crowd.rows)
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
