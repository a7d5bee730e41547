"""signals -> verdicts -> incidents. No scores: a cause holds or it does not, and some outrank others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from wslogs.columns import Floats, Ints, runs
from wslogs.crowd import Crowd
from wslogs.model import Attempt, Incident, Verdict
from wslogs.patterns import Patterns
from wslogs.stanzas import Cause

TOGETHER_S = 3600.0
"""Attempts of one incident follow each other within so many seconds."""


def holds(cause: Cause, fired: frozenset[str]) -> bool:
    """Whether all of `all`, one of `any` and none of `none` fired."""
    if not set(cause.all) <= fired or not fired.isdisjoint(cause.none):
        return False
    return not cause.any or not fired.isdisjoint(cause.any)


def hinted(cause: Cause, fired: frozenset[str]) -> bool:
    """Whether one of `hints` fired, beside all of `all` and none of `none`."""
    return set(cause.all) <= fired and fired.isdisjoint(cause.none) and not fired.isdisjoint(cause.hints)


def suspected(cause: Cause, fired: frozenset[str]) -> bool:
    """Whether one of `suspects` fired, and none of `none`."""
    return fired.isdisjoint(cause.none) and not fired.isdisjoint(cause.suspects)


def standing(fired: frozenset[str], causes: Mapping[str, Cause]) -> tuple[str, ...]:
    """Causes that hold and that no other one that holds outranks, in the order of the patterns.

    Where none holds, those that a probe or the host hints at; where several families are left, those of them that these
    hint at, too. What the attempts show is never outvoted. Where there is no hint either, all those that are suspected.
    """
    left = _highest([cause for cause in causes.values() if holds(cause, fired)], causes)
    if not left:
        left = _highest([cause for cause in causes.values() if hinted(cause, fired)], causes)
        left = left or [cause for cause in causes.values() if suspected(cause, fired)]
    elif len({cause.family for cause in left}) > 1:
        left = [cause for cause in left if hinted(cause, fired)] or left
    return tuple(cause.id for cause in left)


def _highest(holding: Sequence[Cause], causes: Mapping[str, Cause]) -> list[Cause]:
    lower = {name for cause in holding for name in _below(cause, causes)}
    return [cause for cause in holding if cause.id not in lower]


def _below(cause: Cause, causes: Mapping[str, Cause]) -> set[str]:
    found: set[str] = set()
    queue = list(cause.outranks)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += causes[name].outranks
    return found


class Judge:
    """Judges attempts; those that show the same evidence are judged once."""

    def __init__(self, patterns: Patterns) -> None:
        self._causes = patterns.causes
        self._known: dict[tuple[frozenset[str], bool | None], Verdict] = {}

    def judge(self, fired: frozenset[str], failed: bool | None) -> Verdict:
        """A worked attempt has no cause; one of which no source tells how it went has failed where a cause holds.

        Of a failed one: the cause left, the family where its details disagree, or neither.
        """
        key = (fired, failed)
        if key not in self._known:
            self._known[key] = self._judge(fired, failed)
        return self._known[key]

    def _judge(self, fired: frozenset[str], failed: bool | None) -> Verdict:
        names = tuple(sorted(fired))
        left = standing(fired, self._causes) if failed is not False else ()
        if not failed and not left:
            return Verdict(outcome="worked" if failed is False else "unknown", fired=names)
        families = {self._causes[name].family for name in left}
        lower = tuple(cause.id for cause in self._causes.values() if cause.id not in left and holds(cause, fired))
        if len(families) != 1:
            return Verdict(outcome="failed", fired=names, standing=left, outranked=lower)
        sure = len(left) == 1 and not self._causes[left[0]].bare
        family, detail = families.pop(), left[0] if sure else None
        return Verdict(outcome="failed", cause=family, detail=detail, fired=names, standing=left, outranked=lower)


def incidents(
    attempts: Sequence[Attempt], verdicts: Sequence[Verdict], harmless: Collection[str] = (), crowd: Crowd | None = None,
    shown: Callable[[str | None], str | None] = lambda path: path,
) -> list[Incident]:  # fmt: skip
    """Failed tries with the same cause, host and path, close in time; the biggest first, of equal ones the later.

    Behind those whose cause is known come those whose cause is no failure of the service, and last the undetermined.
    `shown` tells a path as reports do: paths that differ in what is elided are one.
    """
    known: dict[tuple[str | None, ...], int] = {}
    keys = [(v.cause, v.detail, a.host, shown(a.path)) if v.outcome == "failed" else None for a, v in zip(attempts, verdicts, strict=True)]
    group = np.array([known.setdefault(key, len(known)) if key is not None else -1 for key in keys], np.int32)
    started = np.array([np.nan if a.started is None else a.started for a in attempts], np.float64)
    ended = np.array([np.nan if a.ended is None else a.ended for a in attempts], np.float64)
    if crowd is not None:
        group = np.r_[group, group[crowd.like]]
        started, ended = np.r_[started, crowd.started], np.r_[ended, crowd.ended]
    failed = np.flatnonzero(group >= 0)
    order = failed[np.lexsort((np.nan_to_num(started[failed]), np.isnan(started[failed]), group[failed]))]
    gap = np.fmax(started, ended)
    gap[np.isnan(started)] = np.nan
    gap = gap[order[:-1]]
    np.subtract(started[order[1:]], gap, out=gap)
    with np.errstate(invalid="ignore"):
        cut = (np.diff(group[order]) != 0) | (gap > TOGETHER_S)
    del gap
    ends = np.where(np.isnan(ended), started, ended)
    found = [_incident(run, attempts, verdicts, crowd, started, ends) for run in runs(order, cut)]
    found.sort(key=lambda i: (i.cause is None, i.detail in harmless, -i.count, -(i.last or 0.0), i.detail or "", i.path or ""))
    return [replace(incident, id=f"I{number}") for number, incident in enumerate(found, 1)]


def _incident(
    run: Ints, attempts: Sequence[Attempt], verdicts: Sequence[Verdict], crowd: Crowd | None, begins: Floats, ends: Floats
) -> Incident:
    own = len(attempts)
    places = tuple(sorted(run[run < own].tolist()))
    rest = run[run >= own] - own
    if not places:  # all of one stretch of time are judged by an attempt of another
        assert crowd is not None
        places = (int(crowd.like[rest[0]]),)
    verdict, attempt = verdicts[places[0]], attempts[places[0]]
    return Incident(
        id="", cause=verdict.cause, detail=verdict.detail, attempts=places, crowd=rest, host=attempt.host, path=attempt.path,
        first=_known(np.fmin.reduce(begins[run])), last=_known(np.fmax.reduce(ends[run])),
    )  # fmt: skip


def _known(at: np.float64) -> float | None:
    return None if np.isnan(at) else float(at)
