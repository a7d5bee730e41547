"""signals -> verdicts -> incidents. No scores: a cause holds or it does not, and some outrank others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

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


def standing(fired: frozenset[str], causes: Mapping[str, Cause]) -> tuple[str, ...]:
    """Causes that hold and that no other one that holds outranks, in the order of the patterns.

    Where none holds, those that a probe or the host hints at; where several families are left, those of them that these
    hint at, too. What the attempts show is never outvoted.
    """
    left = _highest([cause for cause in causes.values() if holds(cause, fired)], causes)
    if not left:
        left = _highest([cause for cause in causes.values() if hinted(cause, fired)], causes)
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


def incidents(attempts: Sequence[Attempt], verdicts: Sequence[Verdict], harmless: Collection[str] = ()) -> list[Incident]:
    """Failed attempts with the same cause, host and path, close in time; the biggest first, of equal ones the later.

    Behind those whose cause is known come those whose cause is no failure of the service, and last the undetermined.
    """
    groups: dict[tuple[object, ...], list[list[int]]] = {}
    for place, (attempt, verdict) in enumerate(zip(attempts, verdicts, strict=True)):
        if verdict.outcome != "failed":
            continue
        runs = groups.setdefault((verdict.cause, verdict.detail, attempt.host, attempt.path), [[]])
        if runs[-1] and not _together(attempts[runs[-1][-1]], attempt):
            runs.append([])
        runs[-1].append(place)
    found = [_incident(key, run, attempts) for key, runs in groups.items() for run in runs]
    found.sort(key=lambda i: (i.cause is None, i.detail in harmless, -len(i.attempts), -(i.last or 0.0), i.detail or "", i.path or ""))
    return [_named(incident, number) for number, incident in enumerate(found, 1)]


def _together(before: Attempt, after: Attempt) -> bool:
    if before.started is None or after.started is None:
        return True
    return after.started - max(before.started, before.ended or 0.0) <= TOGETHER_S


def _incident(key: tuple[object, ...], places: Iterable[int], attempts: Sequence[Attempt]) -> Incident:
    run = tuple(places)
    begins = [at for place in run if (at := attempts[place].started) is not None]
    ends = [at for place in run if (at := attempts[place].ended or attempts[place].started) is not None]
    cause, detail, host, path = (part if part is None else str(part) for part in key)
    return Incident(
        id="", cause=cause, detail=detail, attempts=run, host=host, path=path, first=min(begins, default=None), last=max(ends, default=None)
    )


def _named(incident: Incident, number: int) -> Incident:
    return Incident(
        id=f"I{number}", cause=incident.cause, detail=incident.detail, attempts=incident.attempts,
        host=incident.host, path=incident.path, first=incident.first, last=incident.last,
    )  # fmt: skip
