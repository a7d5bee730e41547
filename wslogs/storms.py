"""attempts -> storms: retries of one client at one path that all went alike, folded, with the shape of their back-off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from statistics import fmean, linear_regression, median
from typing import Literal

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
_TIERS = (Tier.BROWSER, Tier.PROXY, Tier.APP)

Kind = Literal["none", "constant", "growing", "irregular"]


def fold(attempts: Sequence[Attempt], verdicts: Sequence[Verdict]) -> list[Storm]:
    """Storms by their first attempt. What worked is no retry, and without a time of its own an attempt stands alone."""
    runs = [run for run in _runs(attempts, verdicts) if len(run) >= FEWEST]
    return [_storm(f"S{number}", run, attempts) for number, run in enumerate(sorted(runs), 1)]


def _runs(attempts: Sequence[Attempt], verdicts: Sequence[Verdict]) -> Iterator[list[int]]:
    """For each who dials and each path: attempts one soon after the other, until one goes another way."""
    current: dict[tuple[str | None, ...], list[int]] = {}
    places = [place for place, attempt in enumerate(attempts) if attempt.started is not None]
    for place in sorted(places, key=lambda p: attempts[p].started or 0.0):
        attempt = attempts[place]
        dialler = (attempt.token.fingerprint if attempt.token else None, attempt.client, attempt.path)
        if dialler == (None, None, None):
            continue
        run = current.setdefault(dialler, [])
        if run and not _follows(run[-1], place, attempts, verdicts):
            yield run
            run = current[dialler] = []
        if verdicts[place].outcome != "worked":
            run.append(place)
    yield from current.values()


def _follows(before: int, place: int, attempts: Sequence[Attempt], verdicts: Sequence[Verdict]) -> bool:
    one, next_one, was, now = attempts[before], attempts[place], verdicts[before], verdicts[place]
    if (was.outcome, was.cause, was.detail) != (now.outcome, now.cause, now.detail):
        return False
    ended = max(one.ended or 0.0, one.started or 0.0)
    return (next_one.started or 0.0) - ended <= APART_S + max(1.0, next_one.error_s)


def _storm(name: str, run: Sequence[int], attempts: Sequence[Attempt]) -> Storm:
    waits, error = _waits([attempts[place] for place in run])
    shape = _shape(waits, error)
    first, last = attempts[run[0]].started or 0.0, attempts[run[-1]].started or 0.0
    least, middle, most = (max(0.0, wait) for wait in (min(waits), median(waits), max(waits)))
    return Storm(
        id=name, attempts=tuple(run), first=first, last=last, least_s=least, median_s=middle, most_s=most, error_s=error,
        backoff=shape.kind, wait_s=shape.wait_s, factor=shape.factor, cap_s=shape.cap_s,
    )  # fmt: skip


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
