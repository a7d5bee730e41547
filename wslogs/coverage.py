"""What logs speak for: silence is evidence only where other lines show that the log was being written.

A log never says that a part of it is missing: its disk was full, a rotated file was not sent, somebody cut out what
seemed to matter. What can be seen is its rhythm. A pause far longer than the pauses around it may be a hole, and a moment
in it is not spoken for; a log that always pauses so long, as at night, is quiet and not broken. Where the two cannot be
told apart it counts as a hole: that costs a hint, while a hole taken for silence blames the network for what nginx did.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import regex

from wslogs.model import Mark, Source

PAUSE_S = 60.0
"""A pause of a minute is never a hole."""
_UNUSUAL = 10.0
"""So many times as long as is usual around it: where rows come at random, one pause in a million is."""
_AROUND = 20
_NEAR = 100
"""Pauses on either side that make the rhythm, and how many lines away they are looked for: a night has another than the day."""
_BEAT_S = 1.0
"""Rows of one page load come within a second: the pauses between loads are the rhythm."""
_RHYTHM = 3
"""Fewer pauses than these are no rhythm."""
_FEW = 5
_CUT_S = 1.0
"""A time cut to its second: the log speaks up to a second further than it says, and a row may be a second older."""

LEVELS = ("debug", "info", "notice", "warn", "error", "crit", "alert", "emerg")
"""nginx's levels, the most talkative first (ngx_log.c)."""
_ROTATED = regex.compile(r"(?:[.-]\d{1,14})*(?:\.(?:gz|bz2|xz|zst))?$")
_DEFAULT_LEVEL = "error"
"""Of an `error_log` that names none, and where there is no `error_log` (ngx_log.c)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The line that shows how far a log speaks: the first one known after the moment."""

    source: Source
    line: int
    at: float
    """Epoch seconds on the server's clock."""


def spans(marks: Sequence[Mark]) -> list[tuple[float, float]]:
    """The time that some lines of one log speak for, given in the order of the file; sorted, disjoint, on the log's clock.

    It is broken where a line comes later than a minute and later than ten times what is usual around it: the upper quartile
    of the nearest pauses. With fewer than five lines no rhythm can be seen, and first to last is one span.
    """
    if len(marks) < _FEW:
        return [(min(marks)[0], max(marks)[0])] if marks else []
    paces = [(after.at - before.at) / max(1, after.line - before.line) for before, after in pairwise(marks)]
    # A time before that of the line above is no pause: workers write out of order, and a copy begins anew.
    whole = [(a.at, b.at, 0.0) for place, (a, b) in enumerate(pairwise(marks)) if a.at <= b.at and not _broken(paces, place)]
    return _union([*whole, *((mark.at, mark.at, 0.0) for mark in marks)])


def _broken(paces: Sequence[float], place: int) -> bool:
    if paces[place] <= PAUSE_S:
        return False
    before = [pace for pace in paces[max(0, place - _NEAR) : place] if pace > _BEAT_S]
    after = [pace for pace in paces[place + 1 : place + 1 + _NEAR] if pace > _BEAT_S]
    pauses = sorted([*before[-_AROUND:], *after[:_AROUND]])
    usual = pauses[(len(pauses) - 1) * 3 // 4] if len(pauses) >= _RHYTHM else _BEAT_S
    return paces[place] > _UNUSUAL * usual


def _union(pieces: Iterable[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Pieces (first, last, how much later the next one may begin) -> what they make together."""
    found: list[tuple[float, float, float]] = []
    for first, last, reach in sorted(pieces):
        if not found or first > found[-1][1] + found[-1][2]:
            found.append((first, last, reach))
        elif last >= found[-1][1]:
            found[-1] = (found[-1][0], last, reach)
    return [(first, last) for first, last, _ in found]


def covers(sources: Iterable[Source], kinds: Collection[str], first: float, last: float) -> Shown | None:
    """The line that shows that logs of these kinds, all together, speak for the whole of `first` to `last`; None: they do not.

    Both on the server's clock: an instant with its error on either side. Two files meet, as those of a rotation do,
    where the time between them is no longer than a pause that they make themselves.
    """
    logs = [source for source in sources if source.kind in kinds and source.spans]
    error = max((source.error_s for source in logs), default=0.0)
    pieces = []
    for source in logs:
        ends = [(a + source.offset_s, b + source.offset_s, 0.0) for a, b in source.spans]
        pieces += [*ends[:-1], (*ends[-1][:2], _seam(source))]
    if not any(a - _CUT_S <= first - error and last + error <= b + _CUT_S for a, b in _union(pieces)):
        return None
    return _after(logs, last + error)


def _seam(source: Source) -> float:
    """How long after its last line the next file may begin, seconds."""
    spoken = sum(b - a for a, b in source.spans)
    return max(PAUSE_S, _UNUSUAL * spoken / max(1, source.lines))


def _after(logs: Iterable[Source], at: float) -> Shown | None:
    found = []
    for source in logs:
        # Without marks the log's last line shows how far it speaks.
        marks = source.marks or [Mark(source.spans[-1][1], source.lines)]
        place = bisect_left(marks, Mark(at - source.offset_s - _CUT_S, 0))
        found += [Shown(source, mark.line, mark.at + source.offset_s) for mark in marks[place : place + 1]]
    return min(found, key=lambda shown: (shown.at, shown.source.path), default=None)


def writes(path: str, on_route: Sequence[Sequence[str]], everywhere: Iterable[Sequence[str]]) -> bool:
    """Whether nginx is sure to write a row of a request into the access log with this path.

    Both are arguments of `access_log`: those in force on the request's way (one level's, ngx_http_log_module.c inherits all
    or nothing), and all there are. `off` silences its level, and an `if=` may; a log that is named for other ways gets no row.
    """
    if any(args[:1] == ["off"] for args in on_route):
        return False
    sure = {_name(args[0]) for args in on_route if args and not any(word.startswith("if=") for word in args)}
    if on_route and not sure:
        return False
    return _name(path) in (sure or {"access.log"}) or _name(path) not in {_name(args[0]) for args in everywhere if args}


def set_levels(sources: Iterable[Source], error_logs: Sequence[Sequence[str]]) -> None:
    """Gives nginx's error logs the level that the nginx.conf sets, where their lines show none that talks more.

    `error_logs` are the arguments of its `error_log` directives. Where several may have written the file, the least
    talkative counts: what another would have told may be missing.
    """
    for source in sources:
        if source.kind == "nginx-error":
            named = [args for args in error_logs if args and _name(args[0]) == _name(source.path)] or error_logs
            levels = [args[1] if args[1:] and args[1] in LEVELS else _DEFAULT_LEVEL for args in named if args]
            source.level = lower(source.level, max(levels, key=LEVELS.index, default=_DEFAULT_LEVEL))


def lower(one: str | None, other: str) -> str:
    """The more talkative of two levels; None is not known."""
    return min(one or other, other, key=LEVELS.index)


def tells_of_tunnels(source: Source) -> bool:
    """Whether silence of an nginx error log about open tunnels counts: it tells of their ends at `info` (ngx_connection.c)."""
    return source.level in LEVELS[: LEVELS.index("info") + 1]


def _name(path: str) -> str:
    """The name of a log, the same for its rotations: error.log, error.log.1, error.log-20261123.gz."""
    return _ROTATED.sub("", path.replace("\\", "/").rpartition("/")[2])
