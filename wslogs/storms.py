"""attempts -> storms: retries of one client at one path that all went alike, folded, with the shape of their back-off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from statistics import fmean, linear_regression, median
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from wslogs.columns import Floats, Ints, runs
from wslogs.crowd import Crowd
from wslogs.model import Attempt, Storm, Tier, Verdict

FEWEST = 8
"""So many attempts in a row are a storm."""
APART_S = 60.0
"""A retry begins within so many seconds of the end before it; what pages call reconnecting rarely waits longer."""
_AT_ONCE_S = 0.1
_JITTER = 0.15
"""Timers of pages and the time that the page itself takes move a wait by so much of itself."""
_MOST = 0.9
"""A shape holds where so many of the waits fit it; a tab in the background or a page that was busy breaks a few."""
_LEAST_GROWTH = 1.2
_FEWEST_CLIMBING = 3
_LOOKED_AT = 10_000
"""Tries of a storm whose waits are looked at: what pages do next they do from there on."""
_TIERS = (Tier.BROWSER, Tier.PROXY, Tier.APP)

Kind = Literal["none", "constant", "growing", "irregular"]


def fold(attempts: Sequence[Attempt], verdicts: Sequence[Verdict], crowd: Crowd | None = None) -> list[Storm]:
    """Storms by their first try. What worked is no retry, and without a time of its own a try stands alone."""
    tries = _tries(attempts, verdicts, crowd)
    order = np.flatnonzero((tries.dialler >= 0) & ~np.isnan(tries.started))
    order = order[np.lexsort((tries.started[order], tries.dialler[order]))]
    before, after = order[:-1], order[1:]
    cut = (tries.dialler[before] != tries.dialler[after]) | (tries.verdict[before] != tries.verdict[after])
    gap = np.fmax(tries.ended, tries.started)[before]
    np.subtract(tries.started[after], gap, out=gap)
    cut |= gap > APART_S + np.maximum(np.float32(1.0), tries.error_s[after])
    del gap
    found = [run for run in runs(order, cut) if len(run) >= FEWEST and tries.verdict[run[0]] >= 0]
    found.sort(key=lambda run: (float(tries.started[run[0]]), int(run[0])))
    return [_storm(f"S{number}", run, tries, attempts, crowd) for number, run in enumerate(found, 1)]


@dataclass(frozen=True, slots=True)
class _Tries:
    """All tries as columns: the attempts, and after them those of the crowd."""

    started: Floats
    ended: Floats
    error_s: NDArray[np.float32]
    dialler: NDArray[np.int32]
    """Who dials what: token, client and path; -1 where none of them is known."""
    verdict: NDArray[np.int32]
    """-1: it worked."""


def _tries(attempts: Sequence[Attempt], verdicts: Sequence[Verdict], crowd: Crowd | None) -> _Tries:
    diallers: dict[tuple[str | None, ...], int] = {}
    outcomes: dict[tuple[str | None, ...], int] = {}
    who = [(a.token.fingerprint if a.token else None, a.client, a.path) for a in attempts]
    dialler = np.array([diallers.setdefault(key, len(diallers)) if any(key) else -1 for key in who], np.int32)
    went = [(v.outcome, v.cause, v.detail) for v in verdicts]
    verdict = np.array([outcomes.setdefault(key, len(outcomes)) if key[0] != "worked" else -1 for key in went], np.int32)
    started = np.array([np.nan if a.started is None else a.started for a in attempts], np.float64)
    ended = np.array([np.nan if a.ended is None else a.ended for a in attempts], np.float64)
    error_s = np.array([a.error_s for a in attempts], np.float32)
    if crowd is None:
        return _Tries(started, ended, error_s, dialler, verdict)
    dialler = np.r_[dialler, _diallers(crowd, diallers)]
    started, ended, error_s = np.r_[started, crowd.started], np.r_[ended, crowd.ended], np.r_[error_s, crowd.error_s.astype(np.float32)]
    return _Tries(started, ended, error_s, dialler, np.r_[verdict, verdict[crowd.like]])


def _diallers(crowd: Crowd, known: dict[tuple[str | None, ...], int]) -> NDArray[np.int32]:
    """The same numbers for the crowd; who dialled less often than a storm has tries gets none."""
    rows = crowd.rows
    paths: dict[str | None, int] = {}
    path = np.array([paths.setdefault(kind.path, len(paths)) for kind in rows.kinds], np.int64)[rows["kind"]]
    names = list(paths)
    most = len(paths) * (len(rows.tokens) + 1) * (len(rows.clients) + 1)
    small = most < np.iinfo(np.int32).max  # what is worked out of the keys takes a multiple of their size
    key: NDArray[np.int32] | Ints = path.astype(np.int32) if small else path
    for name, count in (("token", len(rows.tokens)), ("client", len(rows.clients))):
        key = key * (count + 1) + rows[name] + 1
    del path
    values, back, counts = np.unique(key, return_inverse=True, return_counts=True)
    del key
    codes = np.full(len(values), -1, np.int32)
    for place in np.flatnonzero(counts >= FEWEST // 2):
        rest, client = divmod(int(values[place]), len(rows.clients) + 1)
        of_path, token = divmod(rest, len(rows.tokens) + 1)
        who = (rows.tokens[token - 1].fingerprint if token else None, rows.clients[client - 1] if client else None, names[of_path])
        codes[place] = known.setdefault(who, len(known))
    return codes[back]


def _storm(name: str, run: Ints, tries: _Tries, attempts: Sequence[Attempt], crowd: Crowd | None) -> Storm:
    own = [int(place) for place in run if place < len(attempts)]
    if len(own) == len(run):
        waits, error = _waits([attempts[place] for place in own])
    else:
        some = run[:_LOOKED_AT]
        spans = np.fmax(tries.ended[some], tries.started[some])
        waits, error = (tries.started[some[1:]] - spans[:-1]).tolist(), float(tries.error_s[some].max())
    first, shape = int(run[0]), _shape(waits, error)
    token, client = _who(first, attempts, crowd)
    least, middle, most = (max(0.0, wait) for wait in (min(waits), median(waits), max(waits)))
    assert own or crowd is not None
    return Storm(
        id=name, attempts=tuple(sorted(own)) or (int(crowd.like[first - len(attempts)]),) if crowd is not None else tuple(own),
        count=len(run), token=token, client=client, first=float(tries.started[first]), last=float(tries.started[run[-1]]),
        least_s=least, median_s=middle, most_s=most, error_s=error,
        backoff=shape.kind, wait_s=shape.wait_s, factor=shape.factor, cap_s=shape.cap_s,
    )  # fmt: skip


def _who(place: int, attempts: Sequence[Attempt], crowd: Crowd | None) -> tuple[str | None, str | None]:
    """Token and client of a try."""
    if place < len(attempts):
        one = attempts[place]
        return one.token.fingerprint if one.token else None, one.client
    assert crowd is not None
    rows, row = crowd.rows, place - len(attempts)
    token, client = int(rows["token"][row]), int(rows["client"][row])
    return rows.tokens[token].fingerprint if token >= 0 else None, rows.clients[client] if client >= 0 else None


def _waits(run: Sequence[Attempt]) -> tuple[list[float], float]:
    """(waits, how far each may be off), from the tier with the finest times that saw every attempt; else from all tiers together.

    One clock's offset is in both ends of a wait and falls out of it; what is left is how finely that tier writes.
    """
    best: tuple[float, list[tuple[float, float]]] | None = None
    for tier in _TIERS:
        spans = [span for attempt in run if (span := _span(attempt, tier)) is not None]
        if len(spans) == len(run):
            finest = max(attempt.tiers[tier].resolution_s for attempt in run)
            best = (finest, spans) if best is None or finest < best[0] else best
    if best is None:
        whole = [(attempt.started or 0.0, max(attempt.ended or 0.0, attempt.started or 0.0)) for attempt in run]
        best = max(attempt.error_s for attempt in run), whole
    error, spans = best
    return [start - end for (_, end), (start, _) in pairwise(spans)], error


def _span(attempt: Attempt, tier: Tier) -> tuple[float, float] | None:
    """When one tier saw an attempt begin and end; None where it does not tell both."""
    event = attempt.tiers.get(tier)
    if event is None or event.at is None or (event.lasted_s is None and attempt.opened):
        return None
    lasted = event.lasted_s or 0.0
    return (event.at - lasted, event.at) if event.marks == "end" else (event.at, event.at + lasted)


@dataclass(frozen=True, slots=True)
class _Shape:
    kind: Kind
    wait_s: float
    factor: float | None = None
    cap_s: float | None = None


def _shape(waits: Sequence[float], error: float) -> _Shape:
    """The shape that most waits fit, the simplest of equals. Where times are coarser than waits, the mean is what is known."""
    coarse = error > _JITTER * median(waits)
    usual = max(0.0, fmean(waits) if coarse else median(waits))
    at_once = usual < _AT_ONCE_S and error < _AT_ONCE_S * len(waits)
    shapes = [(_Shape("none" if at_once else "constant", usual), [usual] * len(waits))]
    if (growing := _growing(waits)) is not None:
        shapes.append(growing)
    fits = [_fitting(waits, wanted, max(error, _AT_ONCE_S if at_once else 0.0)) for _, wanted in shapes]
    best = fits.index(max(fits))
    return shapes[best][0] if fits[best] >= _MOST * len(waits) else _Shape("irregular", usual)


def _fitting(waits: Sequence[float], wanted: Sequence[float], error: float) -> int:
    return sum(abs(wait - wish) <= error + _JITTER * wish for wait, wish in zip(waits, wanted, strict=True))


def _growing(waits: Sequence[float]) -> tuple[_Shape, list[float]] | None:
    """Each wait longer than the one before by the same factor, up to a cap where it comes to one; and the waits of that shape."""
    top = max(waits)
    if top <= 0:
        return None  # times that go back
    rise = next(place for place, wait in enumerate(waits) if wait >= (1 - _JITTER) * top)
    cap = median(waits[rise:]) if len(waits) - rise > 1 else None
    # The wait at which the cap bites is shorter than the factor asks for.
    climb = [(place, log(wait)) for place, wait in enumerate(waits[: rise + (cap is None)]) if wait > _AT_ONCE_S]
    if len(climb) < _FEWEST_CLIMBING:
        return None
    slope, height = linear_regression([place for place, _ in climb], [wait for _, wait in climb])
    if slope < log(_LEAST_GROWTH):
        return None
    ceiling = log(top) + 1
    wanted = [cap if cap is not None and place >= rise else exp(min(height + slope * place, ceiling)) for place in range(len(waits))]
    return _Shape("growing", exp(height), exp(slope), cap), wanted
