"""Offsets between the clocks of two tiers, from pairs that only one offset can explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

QUARTER_S = 900.0
"""Zones differ by whole quarter-hours; what is left over is skew."""
_MOST = 250
"""Differences of so many tries of a group with so many of its partner are looked at."""


@dataclass(frozen=True, slots=True)
class Offset:
    """Reference clock minus this clock, seconds, and how far the truth may be from it. `pairs` support it."""

    seconds: float
    error_s: float
    pairs: int
    zone_s: float = 0.0

    @property
    def skew_s(self) -> float:
        return self.seconds - self.zone_s


def from_dates(dates: Sequence[tuple[float, float, float]]) -> Offset | None:
    """From HTTP Date headers under causality: the server stamps its second after the request leaves and before the answer comes.

    `dates` are (Date, own time of the request, own time when the answer came). Each bounds the offset; the bounds that all
    leave in common are the answer. Where they leave nothing, the clock was moved meanwhile: median, and the spread as error.
    """
    if len(dates) < 2:
        return None
    low = max(date - came for date, _, came in dates)
    high = min(date + 1.0 - asked for date, asked, _ in dates)
    if low <= high:
        return Offset((low + high) / 2, (high - low) / 2, len(dates))
    middles = np.array([date + 0.5 - (asked + came) / 2 for date, asked, came in dates])
    return Offset(float(np.median(middles)), max(0.5, float(np.ptp(middles)) / 2), len(dates))


def from_pairs(groups: Sequence[tuple[Sequence[float], Sequence[float]]], width_s: float, prior: float | None = None) -> Offset | None:
    """The offset that lets most tries of the same key fall together: a loop of retries shifted by one retry loses a pair.

    Each group holds the own times and the reference times of one key, such as a token. Among offsets that explain
    equally many pairs the one nearest to `prior` (or zero) wins. None without any pair.
    """
    differences: list[np.ndarray] = []
    for own, reference in groups:
        if own and reference:
            a, b = np.sort(np.array(own[:_MOST])), np.sort(np.array(reference[:_MOST]))
            differences.append((b[None, :] - a[:, None]).ravel())
    if not differences:
        return None
    sizes = [min(len(own), len(reference), _MOST) for own, reference in groups]
    everything = np.sort(np.concatenate(differences))
    starts = everything
    ends = np.searchsorted(everything, starts + width_s, side="right")
    counts = ends - np.arange(len(starts))
    middles = (everything[ends - 1] + starts) / 2
    aim = prior or 0.0
    best = min(range(len(starts)), key=lambda i: (-int(counts[i]), abs(float(middles[i]) - aim)))
    inside = everything[best : ends[best]]
    middle = float(np.median(inside))
    return Offset(middle, max(float(np.ptp(inside)) / 2, width_s / 4), min(int(counts[best]), sum(sizes)))


def zone(offset: Offset) -> Offset:
    """The same offset with its whole quarter-hours named as zone, where what is left over is no more than a skew of minutes."""
    whole = round(offset.seconds / QUARTER_S) * QUARTER_S
    if abs(whole) <= 15 * 3600 and abs(offset.seconds - whole) <= max(120.0, offset.error_s):
        return Offset(offset.seconds, offset.error_s, offset.pairs, whole)
    return offset
