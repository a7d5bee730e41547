"""To which real try an event belongs, and by how much a file's clock is off: from a sample's truth, for tests/joins.py.

The same token, else the same path, and the nearest moment by the true clock of the file. Events and tries of one token
are paired in order, since on a line no other pairing lies nearer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from wslogs.model import Attempt, Event, Source, Tier, What
from wslogs.pipeline import Analysis
from wslogs.redact import NO_TOKEN

FLAGS = {Tier.BROWSER: "browser_seen", Tier.PROXY: "nginx_seen", Tier.APP: "app_seen"}
"""Tier -> what a sample's truth_attempts.json calls its having seen a try."""
DATED = 978307200.0
"""2001: an earlier time is one of day alone."""
_UNLIKE = 1.0
"""Cost of an event without a time whose answer is not the one of the try."""

Clock = Mapping[str, Sequence[tuple[int, float]]]
"""Source -> (first line, server's clock minus the file's from there on, a time without zone read as UTC)."""
Key = tuple[str, int, What]
"""Where an event stands."""


@dataclass(frozen=True, slots=True)
class Try:
    """One real try; times are epoch seconds on the server's clock."""

    name: str
    token: str | None
    """Fingerprint under the analysis' own key; None when the page had no token."""
    path: str
    start: float
    end: float | None
    tiers: frozenset[Tier]
    opened: bool
    open_or_closed: bool
    """False: the handshake hung when the bundle was collected, and both True and None would be guesses about it."""
    code: int | None
    """None: no tier of the bundle tells it."""


def real(told: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], found: Analysis) -> list[Try]:
    """The tries that a tier of the bundle holds, in order of time."""
    names = {hashlib.sha256(text.encode()).hexdigest(): text for text in told["tokens"]}
    made = []
    for row in rows:
        token = names.get(row["token_sha"], "")
        start = datetime.fromisoformat(row["start_iso_true"]).timestamp() + (told.get("skew_s") or 0)
        tiers = frozenset(tier for tier, flag in FLAGS.items() if row[flag])
        console = row["console_user"] and "console" in told.get("layers", ("console",))
        says = row["state"] == "closed" and (console or (row["browser_seen"] and not row["opened"]))
        one = Try(
            name=row["attempt_id"], token=None if token in NO_TOKEN else found.vault.fingerprint(token),
            path=unquote(urlsplit(row["url_path"]).path), start=start, end=None if row["lasted_s"] is None else start + row["lasted_s"],
            tiers=tiers, opened=row["opened"], open_or_closed=row["state"] != "connecting", code=row["close_code"] if says else None,
        )  # fmt: skip
        if tiers:
            made.append(one)
    return sorted(made, key=lambda one: one.start)


def true_clock(told: Mapping[str, Any], sources: Iterable[Source]) -> Clock:
    """The true clocks of a sample; a source about which nothing exact is known is left out.

    Samples without "clocks" tell their skew and their zones.
    """
    made: dict[str, list[tuple[int, float]]] = {}
    stated = told.get("clocks")
    for source in sources:
        if source.first is None:
            continue
        if stated is not None:
            if (value := stated.get(source.path)) is not None:
                made[source.path] = [(int(line), float(s)) for line, s in value] if isinstance(value, list) else [(1, float(value))]
            continue
        zone = {"nginx-error": told["tz_nginx"], "app": told["tz_app"]}.get(source.kind)
        if source.tier is Tier.BROWSER:
            made |= {source.path: [(1, float(told["skew_s"]))]} if source.kind == "har" else {}
        elif source.zoned:
            made[source.path] = [(1, 0.0)]
        elif zone is not None:
            ahead = datetime.fromtimestamp(source.first, UTC).replace(tzinfo=ZoneInfo(zone)).utcoffset()
            made[source.path] = [(1, -ahead.total_seconds() if ahead else 0.0)]
    return made


def true_offset(clock: Clock, source: str, line: int) -> float | None:
    return next((offset for first, offset in reversed(clock.get(source, ())) if line >= first), None)


def on_server_clock(event: Event, logged: Mapping[Key, Event], clock: Clock) -> float | None:
    """When the event truly was; by the stated clock where the true one is not known, or where a line has no date."""
    own, offset = logged.get((event.source, event.line, event.what)), true_offset(clock, event.source, event.line)
    return own.at + offset if own is not None and own.at is not None and own.at > DATED and offset is not None else event.at


def owned(attempts: Sequence[Attempt], tries: Sequence[Try], when: Callable[[Event], float | None]) -> dict[tuple[int, Tier], int]:
    """(position of an attempt, tier) -> position of the try to which the attempt's event of that tier belongs.

    `when` is the true time of an event, None where its line has none. An event with a token belongs to a try of that
    token or to none; one without to a try of its path, else to any that is left. A browser knows whether the socket opened.
    """
    made: dict[tuple[int, Tier], int] = {}
    tokens = {one.token for one in tries} - {None}
    for tier in FLAGS:
        seen = {place: attempt.tiers[tier] for place, attempt in enumerate(attempts) if tier in attempt.tiers}
        free = {place for place, one in enumerate(tries) if tier in one.tiers}
        for level in range(3):
            groups: dict[object, tuple[list[int], list[int]]] = {}
            for place, event in seen.items():
                token = _token(attempts[place], event, tokens)
                key = (token, None if token else event.path, None if token else "any")[level]
                if key is not None and (place, tier) not in made:
                    groups.setdefault((key, tier is Tier.BROWSER and _opened(event)), ([], []))[0].append(place)
            for owner in sorted(free):
                key = (tries[owner].token, tries[owner].path, "any")[level]
                groups.setdefault((key, tier is Tier.BROWSER and tries[owner].opened), ([], []))[1].append(owner)
            for events, wanted in groups.values():
                for place, owner in _in_order(events, wanted, seen, tries, when):
                    made[place, tier] = owner
                    free.discard(owner)
    return made


def _token(attempt: Attempt, event: Event, known: set[str | None]) -> str | None:
    """The token of the tier's own lines, where the truth knows it: a masked one tells nothing."""
    own = [e.token.fingerprint for e in (event, *attempt.events) if e.tier is event.tier and e.source == event.source and e.token]
    return next((name for name in own if name in known), None)


def _in_order(
    events: Sequence[int], wanted: Sequence[int], seen: Mapping[int, Event], tries: Sequence[Try], when: Callable[[Event], float | None]
) -> Iterable[tuple[int, int]]:
    """The most pairs in the order of both sides, at the least distance. By ends where an event has no start."""
    at = {place: when(seen[place]) for place in events}
    by_end = any(_begin(seen[place], at[place]) is None for place in events)
    timed = all(at[place] is not None for place in events)

    def moment(place: int) -> float:
        told = _finish(seen[place], at[place]) if by_end else _begin(seen[place], at[place])
        return told if told is not None else 0.0

    def truly(place: int) -> float:
        one = tries[place]
        return one.end if by_end and timed and one.end is not None else one.start

    def cost(place: int, owner: int) -> float:
        return abs(moment(place) - truly(owner)) if timed else _UNLIKE * (_opened(seen[place]) is not tries[owner].opened)

    rows = sorted(events, key=lambda place: moment(place) if timed else (seen[place].source, seen[place].line))
    columns = sorted(wanted, key=truly)
    if len(rows) == len(columns):
        return zip(rows, columns, strict=True)
    return _cheapest(rows, columns, cost)


def _begin(event: Event, at: float | None) -> float | None:
    if at is None or event.marks == "start" or (event.tier is Tier.APP and event.marks == "logged"):
        return at
    return at - event.lasted_s if event.marks == "end" and event.lasted_s is not None else None


def _finish(event: Event, at: float | None) -> float | None:
    return at + (event.lasted_s or 0.0) if at is not None and event.marks == "start" else at


def _opened(event: Event) -> bool:
    return event.status == 101 or event.what in (What.ACCEPTED, What.OPENED, What.CLOSED)


def _cheapest(rows: Sequence[int], columns: Sequence[int], cost: Callable[[int, int], float]) -> Iterable[tuple[int, int]]:
    """Leaves out as many of the longer side as it has more, where that costs least."""
    if len(rows) > len(columns):
        return [(a, b) for b, a in _cheapest(columns, rows, lambda b, a: cost(a, b))]
    spare = len(columns) - len(rows)
    best = [[0.0] * (spare + 1)]
    for step, row in enumerate(rows):
        line: list[float] = []
        for skipped in range(spare + 1):
            here = best[step][skipped] + cost(row, columns[step + skipped])
            line.append(min(here, line[-1]) if line else here)
        best.append(line)
    found, skipped = [], spare
    for step in range(len(rows), 0, -1):
        while skipped and best[step][skipped] == best[step][skipped - 1]:
            skipped -= 1
        found.append((rows[step - 1], columns[step - 1 + skipped]))
    return found
