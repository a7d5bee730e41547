"""How well tries are joined across the tiers, and clocks aligned, on labelled bundles; a part of docs/accuracy.md.

    python -m tests.joins [--wrong] [FOLDER ...]      default: samples

`--wrong` tells each wrong or missing pair, and whatever else is not right. Exit status 1 when a goal is missed.

owners.py decides for each tier's event in an attempt to which real try it belongs. A pair of tiers is right when both
belong to the same: the row of the fifth try beside the page's sixth, of the same token, is seen as wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path

from tests.owners import DATED, FLAGS, Clock, Key, Try, on_server_clock, owned, real, true_clock, true_offset
from wslogs.errors import BundleError
from wslogs.model import Attempt, Event, Tier
from wslogs.pipeline import Analysis, analyze

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
PAGE = ROOT / "docs" / "accuracy.md"
GOAL = 0.99
"""Precision and recall of all pairs; clocks, `opened` and close codes must be right without exception."""
PAIRS = ((Tier.BROWSER, Tier.PROXY), (Tier.PROXY, Tier.APP), (Tier.BROWSER, Tier.APP))

_DAY_S = 86400.0
_ROUNDED_S = 0.001
"""Logs with milliseconds cut them."""
Share = tuple[int, int]
"""(how many are right, of how many)."""


@dataclass(slots=True)
class Score:
    """Counts of one scenario, or of all."""

    truth: int = 0
    found: int = 0
    extra: int = 0
    said: dict[tuple[Tier, Tier], Share] = field(default_factory=lambda: dict.fromkeys(PAIRS, (0, 0)))
    true: dict[tuple[Tier, Tier], Share] = field(default_factory=lambda: dict.fromkeys(PAIRS, (0, 0)))
    opened: Share = (0, 0)
    close: Share = (0, 0)
    start: Share = (0, 0)
    clocks: Share = (0, 0)
    off_s: float = 0.0
    bar_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def pairs(self, pair: tuple[Tier, Tier] | None = None) -> tuple[Share, Share]:
        """(precision, recall) of one pair of tiers, or of all."""
        wanted = PAIRS if pair is None else (pair,)
        return _sum(self.said[one] for one in wanted), _sum(self.true[one] for one in wanted)

    def misses(self) -> list[str]:
        """Goals that these counts do not reach."""
        precision, recall = self.pairs()
        told = [("precision of pairs", precision, GOAL), ("recall of pairs", recall, GOAL), ("opened", self.opened, 1.0)]
        told += [("close code", self.close, 1.0), ("clocks", self.clocks, 1.0)]
        return [f"{name} {_share(share)} < {goal}" for name, share, goal in told if share[0] < goal * share[1]]


def _sum(shares: Iterable[Share]) -> Share:
    rows = list(shares)
    return sum(right for right, _ in rows), sum(seen for _, seen in rows)


def total(scores: Sequence[Score]) -> Score:
    made = Score(off_s=max(s.off_s for s in scores), bar_s=max(s.bar_s for s in scores))
    for one in fields(Score):
        name = one.name
        values = [getattr(score, name) for score in scores]
        if name in ("said", "true"):
            setattr(made, name, {pair: _sum(value[pair] for value in values) for pair in PAIRS})
        elif name in ("opened", "close", "start", "clocks"):
            setattr(made, name, _sum(values))
        elif name in ("truth", "found", "extra"):
            setattr(made, name, sum(values))
    return made


def score(case: Path) -> Score:
    """Analyses one labelled bundle and counts."""
    told = json.loads((case / "truth.json").read_text(encoding="utf-8"))
    rows = json.loads((case / "truth_attempts.json").read_text(encoding="utf-8"))
    made = Score(truth=sum(any(row[flag] for flag in FLAGS.values()) for row in rows))
    try:
        found = analyze(case / "bundle")
    except BundleError as error:
        made.wrong.append(str(error))
        return made
    tries = real(told, rows, found)
    clock = true_clock(told, found.evidence.sources)
    logged: dict[Key, Event] = {(e.source, e.line, e.what): e for e in found.evidence.events}
    owners = owned(found.found.attempts, tries, lambda event: on_server_clock(event, logged, clock))
    _count_pairs(made, found.found.attempts, tries, owners)
    _count_clocks(made, found, logged, clock)
    return made


def _count_pairs(made: Score, attempts: Sequence[Attempt], tries: Sequence[Try], owners: Mapping[tuple[int, Tier], int]) -> None:
    """Tries found, their pairs, and what is said of them."""
    of = {place: {tier: owners.get((place, tier)) for tier in attempt.tiers if tier in FLAGS} for place, attempt in enumerate(attempts)}
    right: set[tuple[int, Tier, Tier]] = set()
    for place, attempt in enumerate(attempts):
        for a, b in PAIRS:
            if a in of[place] and b in of[place]:
                good = of[place][a] is not None and of[place][a] == of[place][b]
                made.said[a, b] = _sum([made.said[a, b], (good, 1)])
                if good:
                    right.add((of[place][a] or 0, a, b))
                else:
                    made.wrong.append(f"joined {' and '.join(_name(attempt.tiers[tier], of[place][tier], tries) for tier in (a, b))}")
    for owner, one in enumerate(tries):
        for a, b in PAIRS:
            if {a, b} <= one.tiers:
                made.true[a, b] = _sum([made.true[a, b], ((owner, a, b) in right, 1)])
                if (owner, a, b) not in right:
                    made.wrong.append(f"{one.name}: {a.value} and {b.value} not joined")
    taken = _taken(of)
    made.found, made.extra = len(taken), len(attempts) - len(taken)
    made.wrong += [f"{one.name}: not found" for owner, one in enumerate(tries) if owner not in taken]
    for owner, place in sorted(taken.items()):
        _count_said(made, tries[owner], attempts[place])


def _taken(of: Mapping[int, Mapping[Tier, int | None]]) -> dict[int, int]:
    """Try -> the attempt that holds most of it; of equals the first."""
    votes = []
    for place, tiers in of.items():
        owners = [owner for owner in tiers.values() if owner is not None]
        votes += [(-owners.count(owner), place, owner) for owner in set(owners)]
    taken: dict[int, int] = {}
    for _, place, owner in sorted(votes):
        if owner not in taken and place not in taken.values():
            taken[owner] = place
    return taken


def _count_said(made: Score, one: Try, attempt: Attempt) -> None:
    good = attempt.opened == one.opened if one.open_or_closed else attempt.opened is not True
    made.opened = _sum([made.opened, (good, 1)])
    if not good:
        made.wrong.append(f"{one.name}: opened is {one.opened}, said {attempt.opened} ({attempt.id})")
    if one.code is not None:
        made.close = _sum([made.close, (attempt.code == one.code, 1)])
        if attempt.code != one.code:
            made.wrong.append(f"{one.name}: close code is {one.code}, said {attempt.code} ({attempt.id})")
    if attempt.started is not None:
        off = max(one.start - attempt.started, attempt.started - (one.end or attempt.started))
        made.start = _sum([made.start, (off <= attempt.error_s, 1)])
        if off > attempt.error_s:
            made.wrong.append(f"{one.name}: start {off:.3f} s outside the try, said within {attempt.error_s:.3f} s ({attempt.id})")


def _name(event: Event, owner: int | None, tries: Sequence[Try]) -> str:
    return f"{event.source}:{event.line} of {tries[owner].name if owner is not None else 'no try'}"


def _count_clocks(made: Score, found: Analysis, logged: Mapping[Key, Event], clock: Clock) -> None:
    """A stated clock is right when the true offset lies within it and its error, at every event of the file.

    Times of day are compared as such. A zone that is only assumed must say in its error how far it may be off.
    """
    off_s: dict[str, list[float]] = {}
    for event in (e for attempt in found.found.attempts for e in attempt.events):
        own, true = logged.get((event.source, event.line, event.what)), true_offset(clock, event.source, event.line)
        if own is not None and own.at is not None and event.at is not None and true is not None:
            off = event.at - own.at - true
            off_s.setdefault(event.source, []).append(off if own.at > DATED else _of_day(off))
    for source in found.evidence.sources:
        if source.path not in clock:
            continue
        offs = off_s.get(source.path) or [source.offset_s - clock[source.path][0][1]]
        off = max(map(abs, offs))
        good = off <= source.error_s + _ROUNDED_S
        made.clocks = _sum([made.clocks, (good, 1)])
        made.off_s, made.bar_s = max(made.off_s, off), max(made.bar_s, source.error_s)
        if not good:
            made.wrong.append(f"{source.path}: clock off by {off:.3f} s, said within {source.error_s:.3f} s")


def _of_day(seconds: float) -> float:
    """What is left without whole days, at most half of one either way."""
    return (seconds + _DAY_S / 2) % _DAY_S - _DAY_S / 2


def _share(share: Share) -> str:
    return f"{share[0] / share[1]:.3f}" if share[1] else "–"


HEAD = (
    "scenario", "tries", "found", "extra", *(f"{a.value}-{b.value}" for a, b in PAIRS),
    "all pairs", "opened", "close code", "start", "clocks", "worst clock, s", "widest bar, s",
)  # fmt: skip


def row(name: str, one: Score) -> tuple[str, ...]:
    pairs = [" / ".join(map(_share, one.pairs(pair))) if any(s for _, s in one.pairs(pair)) else "–" for pair in (*PAIRS, None)]
    shares = [f"{right}/{seen}" if seen else "–" for right, seen in (one.opened, one.close, one.start, one.clocks)]
    bars = [f"{value:.3f}" if one.clocks[1] else "–" for value in (one.off_s, one.bar_s)]
    return (name, str(one.truth), str(one.found), str(one.extra), *pairs, *shares, *bars)


def table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[place]) for line in rows) for place in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in rows]
    lines.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in lines) + "\n"


TEXT = """## Joins and clocks

How well tries are joined across the tiers, and their clocks aligned. `python -m tests.joins --wrong` names each miss.

{table}
{goals}

| column | tells |
| --- | --- |
| tries | real tries that a tier of the bundle holds |
| found | of these, with an attempt in the report |
| extra | attempts in the report beyond those |
| browser-proxy, proxy-app, browser-app, all pairs | precision / recall of two tiers in one attempt: right when both are of one try |
| opened | whether the socket opened, said right, of the tries found |
| close code | the page's close code, said right, where a console tells it or the handshake failed |
| start | the stated start ± its error touches the time from the page's dial to the end of the try |
| clocks | files whose true offset to the server's clock lies within the stated offset ± its error, of those where the truth is known |
| worst clock | the largest distance of a stated offset from the true one |
| widest bar | the largest stated error of an offset |
"""


def section(scores: Mapping[str, Score]) -> str:
    """What docs/accuracy.md tells of joins."""
    everything = total(list(scores.values()))
    rows = [HEAD, *(row(name, one) for name, one in scores.items()), row(f"**all {len(scores)}**", everything)]
    misses = everything.misses()
    goals = f"Goals: precision and recall of all pairs at least {GOAL}; opened, close codes and clocks without a miss. "
    return TEXT.format(table=table(rows), goals=goals + (f"Missed: {'; '.join(misses)}." if misses else "All reached."))


def scores(*folders: Path) -> dict[str, Score]:
    """Case -> its score."""
    cases = {truth.parent.relative_to(f).as_posix(): truth.parent for f in folders for truth in sorted(f.rglob("truth_attempts.json"))}
    if not cases:
        sys.exit("no labelled bundle found")
    with ProcessPoolExecutor() as pool:
        return dict(zip(cases, pool.map(score, cases.values()), strict=True))


def main() -> None:
    found = scores(*([Path(name) for name in sys.argv[1:] if name != "--wrong"] or [SAMPLES]))
    everything = total(list(found.values()))
    print(table([HEAD, *(row(name, one) for name, one in found.items()), row(f"all {len(found)}", everything)]), end="")
    if "--wrong" in sys.argv:
        print("\n".join(f"{name}: {line}" for name, one in found.items() for line in one.wrong))
    misses = everything.misses()
    print(f"goal missed: {'; '.join(misses)}" if misses else "all goals reached")
    sys.exit(bool(misses))


if __name__ == "__main__":
    main()
