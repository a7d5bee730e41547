"""The offset between two clocks, from limits that pairs of tries put on it under causality.

Each pair says that the offset lies between two numbers: a request is not received before it is sent, an answer not
read before it is given. The offset that most pairs allow wins (K. Marzullo, "Maintaining the Time in a Distributed
System", 1984; NTP selects its clocks so, RFC 5905 section 11.2.1), and what all its pairs leave open is its error bar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

QUARTER_S = 900.0
"""Zones differ by whole quarter-hours; what is left over is skew."""
ZONE_S = 15 * 3600.0
"""No zone is farther from UTC."""
_LIKELY = 48
"""So many of the offsets with most pairs are looked at closely."""
_MINUTES = 120.0
_NEAR_S, _NOISE = 1.0, 0.9
"""A prior so near to the winner is kept where so many of its pairs allow it: clocks and loops of events are not exact."""
_FEW, _MOST = 3, 0.75
"""A prior farther away is kept where it leaves fewer than so many more unexplained: a page that dials every few seconds
fits itself once more a few seconds off, and a socket that is open yet has no row to fit."""
_AGREE = 0.5
"""Where fewer of the tries that have a partner agree on any offset, their times scatter and tell nothing."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one pair says: reference clock minus own clock, seconds, lies in `low` to `high`."""

    low: float
    high: float
    own: int
    """Which of the own tries."""
    other: int
    """Which of the reference's tries."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Reference clock minus this clock lies in `low` to `high`, seconds. `support` are the own tries that agree."""

    low: float
    high: float
    support: frozenset[int]
    asked: int
    """How many own tries had any partner."""

    @property
    def seconds(self) -> float:
        return (self.low + self.high) / 2

    @property
    def error_s(self) -> float:
        return (self.high - self.low) / 2

    @property
    def scattered(self) -> bool:
        return len(self.support) < _AGREE * self.asked


def agree(limits: Sequence[Limit], priors: Sequence[float] = (0.0,)) -> Offset | None:
    """The offset that most tries allow; of equals the one nearest to the earliest of `priors`. None without any limit.

    A try counts once, however many partners it might have.
    """
    if not limits:
        return None
    low, high = (np.array([getattr(one, side) for one in limits]) for side in ("low", "high"))
    own, other = (np.array([getattr(one, side) for one in limits]) for side in ("own", "other"))
    ranked = sorted(
        (-_pairs(middle, low, high, own, other), _distance(middle, priors), middle)
        for middle in {*_busiest(low, high), *_inside(priors, low, high)}
    )
    fewest, _, middle = ranked[0]
    middle = next((prior for prior in priors if _as_good(prior, middle, _pairs(prior, low, high, own, other), -fewest)), middle)
    allowed = (low <= middle) & (middle <= high)
    least, most = _widest(own[allowed], low[allowed], high[allowed])
    return Offset(least, most, frozenset(own[allowed].tolist()), len(set(own.tolist())))


def _as_good(prior: float, middle: float, pairs: int, most: int) -> bool:
    """Whether a prior explains all but a few of the tries that the winner does."""
    if abs(prior - middle) <= _NEAR_S:
        return pairs >= most * _NOISE
    return most - pairs < _FEW and pairs >= most * _MOST


def _widest(own: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """What all tries leave open together; of the partners that a try might have any may be the true one."""
    places, where = np.unique(own, return_inverse=True)
    least, most = np.full(len(places), np.inf), np.full(len(places), -np.inf)
    np.minimum.at(least, where, low)
    np.maximum.at(most, where, high)
    return float(least.max()), float(most.min())


def _busiest(low: np.ndarray, high: np.ndarray) -> list[float]:
    """Middles of the stretches that most limits cover."""
    edges = np.concatenate([low, high])
    steps = np.concatenate([np.ones(len(low)), -np.ones(len(high))])
    order = np.lexsort((-steps, edges))  # where one limit ends as another begins, both hold
    edges, cover = edges[order], np.cumsum(steps[order])
    best = np.argsort(-cover, kind="stable")[:_LIKELY]
    return [float(edges[i] + edges[min(i + 1, len(edges) - 1)]) / 2 for i in best.tolist()]


def _inside(priors: Iterable[float], low: np.ndarray, high: np.ndarray) -> list[float]:
    """Priors that some limit allows."""
    return [prior for prior in priors if bool(((low <= prior) & (prior <= high)).any())]


def _pairs(middle: float, low: np.ndarray, high: np.ndarray, own: np.ndarray, other: np.ndarray) -> int:
    allowed = (low <= middle) & (middle <= high)
    return min(len(np.unique(own[allowed])), len(np.unique(other[allowed])))


def _distance(middle: float, priors: Sequence[float]) -> tuple[int, float, int]:
    """Nearest to a prior; at the same distance the earlier prior."""
    at = min(range(len(priors)), key=lambda place: abs(middle - priors[place]), default=0)
    return (0 if priors and abs(middle - priors[at]) < 1.0 else 1, abs(middle - priors[at]) if priors else abs(middle), at)


def settle(found: Offset, priors: Sequence[float]) -> tuple[float, float]:
    """(offset, error bar), seconds: a prior that the evidence allows is kept, and the bar reaches to both ends."""
    for prior in priors:
        if found.low <= prior <= found.high:
            return prior, max(prior - found.low, found.high - prior)
    return found.seconds, found.error_s


def zone(seconds: float, error_s: float) -> float:
    """The whole quarter-hours of an offset, where what is left over is no more than a skew of minutes; else 0."""
    whole = round(seconds / QUARTER_S) * QUARTER_S
    return whole if abs(whole) <= ZONE_S and abs(seconds - whole) <= max(_MINUTES, error_s) else 0.0
