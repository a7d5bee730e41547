"""The same line in two files once: copies, rotation that overlaps, a container's log beside the program's own file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from wslogs.correlate.clocks import QUARTER_S, ZONE_S
from wslogs.model import Event, Source, Tier

_RUN = 3
"""So many lines in a row that stand in both files at one distance in time show that two programs kept one log."""
_STEADY_S = 2.0
"""A wrapper stamps a line when it passes, at most so much later than the program did."""

Key = tuple[object, ...]


def distinct(events: Sequence[Event], sources: Mapping[str, Source]) -> list[Event]:
    """The events without those that another source tells, too; the order stays.

    Of two sources the earlier label keeps a line, of two exports of one page the one that saw the try for longer.
    A line that stands twice in one file happened twice.
    """
    by_source: dict[str, list[Event]] = {}
    for event in events:
        by_source.setdefault(event.source, []).append(event)
    dropped = _same_files(by_source, sources)
    kept = {path: rows for path, rows in by_source.items() if path not in dropped}
    dropped |= _same_logs(kept, sources)
    gone: set[int] = set()
    for tier in Tier:
        told = [(path, rows) for path, rows in kept.items() if path not in dropped and rows[0].tier is tier]
        if tier is not Tier.BROWSER:
            gone |= _same_lines(sorted(told))
            continue
        for kind in sorted(
            {_kind(path, sources) for path, _ in told}
        ):  # a NetLog tells more of a try than its HAR, and the HAR more than it
            gone |= _same_tries(sorted(row for row in told if _kind(row[0], sources) == kind))
    return [e for e in events if e.source not in dropped and id(e) not in gone]


def _same_files(by_source: Mapping[str, list[Event]], sources: Mapping[str, Source]) -> set[str]:
    first: dict[tuple[str, str], str] = {}
    dropped = set()
    for path in sorted(by_source):
        source = sources.get(path)
        if source is None or not source.sha256:
            continue
        if first.setdefault((source.sha256, source.kind), path) != path:
            dropped.add(path)
    return dropped


def _kind(path: str, sources: Mapping[str, Source]) -> str:
    return sources[path].kind if path in sources else ""


def _said(event: Event) -> Key:
    """What a line says, without when and where."""
    token = event.token.fingerprint if event.token else None
    return (
        event.what, event.path, token, event.client, event.status, event.upstream_status, event.upstream, event.code,
        event.key, event.connection, event.request_id, event.signals, event.excerpt,
    )  # fmt: skip


def _same_logs(by_source: Mapping[str, list[Event]], sources: Mapping[str, Source]) -> set[str]:
    """App logs that two collectors kept of one program: the same words in the same order, at one distance in time."""
    logs = {path: rows for path, rows in by_source.items() if rows[0].tier is Tier.APP and len(rows) >= _RUN}
    dropped: set[str] = set()
    for path in sorted(logs, key=lambda p: (-len(logs[p]), p)):
        if path not in dropped:
            others = [other for other in logs if other != path and other not in dropped]
            dropped |= {other for other in others if _holds(logs[path], logs[other], _zones_differ(path, other, sources))}
    return dropped


def _zones_differ(one: str, other: str, sources: Mapping[str, Source]) -> bool:
    """Whether one of two logs says its zone and the other does not."""
    return len({sources[path].zoned for path in (one, other) if path in sources}) > 1


def _holds(whole: Sequence[Event], part: Sequence[Event], zones_differ: bool) -> bool:
    """Whether `part` stands in `whole` as one piece."""
    words, wanted = [_said(e) for e in whole], [_said(e) for e in part]
    if len(wanted) > len(words) or not set(wanted) <= set(words):
        return False
    for start in range(len(words) - len(wanted) + 1):
        if words[start] == wanted[0] and words[start : start + len(wanted)] == wanted:
            return _steady(whole[start : start + len(wanted)], part, zones_differ)
    return False


def _steady(one: Iterable[Event], other: Iterable[Event], zones_differ: bool) -> bool:
    """Timed copies tell of one moment, but for a zone; of copies without times only those that repeat little are believed."""
    both = list(zip(one, other, strict=True))
    apart = [b.at - a.at for a, b in both if a.at is not None and b.at is not None]
    if apart:
        zone = round(apart[0] / QUARTER_S) * QUARTER_S if zones_differ else 0.0
        return len(apart) >= _RUN and abs(zone) <= ZONE_S and all(abs(one - zone) <= _STEADY_S for one in apart)
    return len({_said(a) for a, _ in both}) >= max(_RUN, len(both) / 2)


def _same_lines(told: Sequence[tuple[str, list[Event]]]) -> set[int]:
    """Lines with a time that an earlier file holds as often.

    A whole second and common words are no proof: lines without any id count only in a run of their like.
    """
    seen: Counter[Key] = Counter()
    gone = set()
    spans = [(min(times), max(times)) for _, rows in told if (times := [e.at for e in rows if e.at is not None])]
    # Where one file ends and the next begins: rotation parts lines of one second and repeats none.
    seams = {last for first, last in spans if first < last} & {first for first, last in spans if first < last}
    for _, rows in told:
        own: Counter[Key] = Counter()
        twice: list[Event] = []
        for event in rows:
            if event.at is None or event.at in seams:
                continue
            key = (event.at, event.lasted_s, *_said(event))
            own[key] += 1
            if own[key] <= seen[key]:
                twice.append(event)
        gone |= {id(e) for e in twice if _named(e) or _in_run(twice, rows)}
        seen |= own
    return gone


def _named(event: Event) -> bool:
    """Whether a line tells of one try and no other."""
    return event.resolution_s < 1.0 or any((event.token, event.key, event.request_id, event.connection))


def _in_run(twice: Sequence[Event], rows: Sequence[Event]) -> bool:
    """Whether the repeated lines are all that the file holds between the first and the last of them."""
    between = sum(twice[0].line <= e.line <= twice[-1].line and e.at is not None for e in rows)
    return len(twice) >= _RUN and len(twice) == between


def _same_tries(told: Sequence[tuple[str, list[Event]]]) -> set[int]:
    """Tries that two exports of one browser hold: the same key, or the same instant and address, to the millisecond."""
    best: dict[Key, Event] = {}
    gone = set()
    for _, rows in told:
        for event in rows:
            if event.at is None or event.logged == "":
                continue
            token = event.token.fingerprint if event.token else None
            key: Key = (event.what, event.key) if event.key else (event.what, event.at, event.path, token, event.code)
            other = best.setdefault(key, event)
            if other is event or other.source == event.source:
                continue
            longer = (event.lasted_s or 0.0) > (other.lasted_s or 0.0)
            best[key] = event if longer else other
            gone.add(id(other if longer else event))
    return gone
