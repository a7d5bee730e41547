"""Events of one tier -> sightings: what that tier alone saw of each try."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import regex

from wslogs.model import LIFE, Event, Tier, What

NEAR_LINES = 8
_APART_S = 2.0
"""A line of the error log and the row of its request tell of one moment, each by its own whole second."""
_MOST_ROWS = 400
NEAR_S = 1.5
_TUNNEL = 101

Span = tuple[float, float]
"""From the earliest to the latest instant at which something may have been, epoch seconds."""


@dataclass(slots=True, eq=False, kw_only=True)
class Sighting:
    """What one tier saw of one try. Times are epoch seconds on the tier's own clock until `move`."""

    tier: Tier
    source: str
    main: Event
    events: list[Event] = field(default_factory=list)
    start: float | None = None
    """The likeliest instant."""
    end: float | None = None
    resolution_s: float = 1.0
    before_s: float = 0.0
    """So much of the resolution lies before the likeliest instant."""
    moved_s: float = 0.0
    """What was added to the tier's own clock."""
    error_s: float = 0.0
    """How far the clock that it stands on may be off."""
    opened: bool | None = None
    status: int | None = None
    code: int | None = None
    order: int = 0
    """Place in the tier's own order."""

    token: str | None = None
    path: str | None = None
    client: str | None = None
    request_id: str | None = None
    """What the first of its events that tells says."""

    def __post_init__(self) -> None:
        for event in self.events:
            self._learn(event)

    def add(self, event: Event) -> None:
        self.events.append(event)
        self._learn(event)
        if event.code is not None and self.code is None:
            self.code = event.code

    def _learn(self, event: Event) -> None:
        self.token = self.token or (event.token.fingerprint if event.token else None)
        self.path = self.path or event.path
        self.client = self.client or event.client
        self.request_id = self.request_id or event.request_id

    def span(self, moment: Literal["start", "end"]) -> Span | None:
        at: float | None = getattr(self, moment)
        return None if at is None else (at - self.before_s, at - self.before_s + self.resolution_s)

    @property
    def answered(self) -> Span | None:
        """From when to when the answer to the handshake may have come; of a try that never opened, its end."""
        begun = self.span("start")
        if begun is not None and self.main.answered_s is not None:
            return begun[0], begun[1] + self.main.answered_s
        if self.opened and begun is None:
            return None
        last = self.span("end")
        return (begun[0] if begun and self.opened else last[0], last[1]) if last else None

    def move(self, offset_s: float) -> None:
        """Brings the times on another clock: `offset_s` is added to the tier's own."""
        by, self.moved_s = offset_s - self.moved_s, offset_s
        self.start = None if self.start is None else self.start + by
        self.end = None if self.end is None else self.end + by


_ROTATED = regex.compile(r"(?:[.-]\d+)?(?:\.(?:gz|zst|xz|bz2))?$")


def program(path: str) -> str:
    """What the files of one rotated log share of their names: app.log.2.gz and app.log."""
    return _ROTATED.sub("", path)


@dataclass(slots=True)
class Tiers:
    """All sightings, and the events that belong to no single try."""

    browser: list[Sighting] = field(default_factory=list)
    proxy: list[Sighting] = field(default_factory=list)
    app: list[Sighting] = field(default_factory=list)
    partners: dict[str, str] = field(default_factory=dict)
    """Console -> the HAR of the same browser."""
    loose: list[Event] = field(default_factory=list)
    """Notes about the whole bundle, exceptions and closes that fit several tries, the app's starts and stops."""


def proxy(events: Sequence[Event], tiers: Tiers, at: Callable[[Event], float | None]) -> None:
    """Access rows are tries; a line of the error log joins the row of its request, or tells of a try alone.

    `at` gives an error line's time on the access log's clock.
    """
    tiers.proxy += [of_row(event) for event in events if event.what is What.HANDSHAKE]
    rows = Rows(tiers.proxy)
    for event in events:
        if event.what is What.HANDSHAKE:
            continue
        if event.what is not What.ERROR:
            tiers.loose.append(event)
            continue
        moment = at(event)
        row = rows.of(event, moment)
        if row is None:
            row = of_error(event, moment)
            tiers.proxy.append(row)
        else:
            row.add(event)
    tiers.proxy.sort(key=lambda s: s.start if s.start is not None else s.end or 0.0)
    for order, one in enumerate(tiers.proxy):
        one.order = order


class Rows:
    """Access rows by what an error line tells of its request: `$connection`, else token, else path; each by their ends."""

    def __init__(self, rows: Iterable[Sighting]) -> None:
        self._by: dict[tuple[str, str | None], list[Sighting]] = {}
        for one in sorted(rows, key=lambda s: s.end or 0.0):
            for name in (("connection", one.main.connection), ("token", one.token), ("path", one.main.path)):
                if name[1]:
                    self._by.setdefault(name, []).append(one)
        self._ends = {name: [one.end or 0.0 for one in rows] for name, rows in self._by.items()}

    def near(self, event: Event, at: float | None) -> list[Sighting]:
        """Rows that may be of this line's request: of the strongest key that any row has, and written when it was or later."""
        token = event.token.fingerprint if event.token else None
        for name in (("connection", event.connection), ("token", token), ("path", event.path)):
            rows = [] if name[1] is None else self._by.get(name, [])
            if rows and at is not None:
                ends = self._ends[name]
                rows = rows[bisect_left(ends, at - _APART_S) : bisect_left(ends, at - _APART_S) + _MOST_ROWS]
            rows = [one for one in rows if _may_tell(event, one)]
            if rows:
                return rows
        return []

    def of(self, event: Event, at: float | None) -> Sighting | None:
        """The row of this line's request, as far as time allows: lines of one request come in turn."""
        fitting = []
        for one in self.near(event, at):
            span = one.span("start") or one.span("end")
            taken = any(e.what is What.ERROR for e in one.events)
            if at is None or one.end is None or span is None:
                fitting.append((taken, 0.0, one.order, one))
            elif span[0] - _APART_S <= at <= one.end + _APART_S:
                fitting.append((taken, abs(one.end - at), one.order, one))
        return min(fitting, key=lambda row: row[:3])[3] if fitting else None


def _may_tell(event: Event, row: Sighting) -> bool:
    """Whether an error line may be about the request of a row."""
    other = row.main
    if event.path != other.path or (event.client and other.client and event.client != other.client):
        return False
    return not (event.connection and other.connection and event.connection != other.connection)


def of_row(row: Event) -> Sighting:
    before = 0.5 if row.resolution_s >= 1.0 else 0.0
    end, start = None if row.at is None else row.at + before, None
    if end is not None and row.lasted_s is not None:
        start = end - row.lasted_s
    elif end is not None and row.status != _TUNNEL:
        start = end
    return Sighting(
        tier=Tier.PROXY, source=row.source, main=row, events=[row], start=start, end=end, resolution_s=row.resolution_s,
        before_s=before, opened=row.status == _TUNNEL if row.status else None, status=row.status,
    )  # fmt: skip


def of_error(event: Event, at: float | None) -> Sighting:
    opened = event.status == _TUNNEL
    before = 0.5 if event.resolution_s >= 1.0 else 0.0
    at = None if at is None else at + before
    made = Sighting(tier=Tier.PROXY, source=event.source, main=event, end=at, status=event.status, opened=opened or None)
    made.start = None if opened else at
    made.resolution_s, made.before_s = event.resolution_s, before
    made.add(event)
    return made


def app(events: Sequence[Event], tiers: Tiers) -> None:
    """Accepts, refusals and plain requests are tries; what stands beside them joins the nearest."""
    by_source: dict[str, list[Event]] = {}
    for event in events:
        by_source.setdefault(event.source, []).append(event)
    for rows in by_source.values():
        _of_app(rows, tiers)
    for order, one in enumerate(tiers.app):
        one.order = order


def _of_app(rows: Sequence[Event], tiers: Tiers) -> None:
    seen: list[Sighting] = []
    beside: list[Event] = []
    ends = _Ends()
    for event in rows:
        last = seen[-1] if seen else None
        if event.what in (What.ACCEPTED, What.REQUEST) or (event.what is What.REFUSED and (event.path or not _same_refusal(last, event))):
            seen.append(ends.begun(_of_answer(event)))
        elif event.what is What.REFUSED and last is not None:
            last.add(event)
        elif event.what is What.OPENED:
            if last is None or not last.opened or any(e.what is What.OPENED for e in last.events):
                seen.append(ends.begun(_of_answer(event)))
            else:
                last.add(event)
        elif event.what in (What.CLOSED, What.EXCEPTION):
            if not ends.over(event):
                tiers.loose.append(event)
        else:
            beside.append(event)
    for event in beside:
        place = _beside(event, seen)
        if place is not None:
            place.add(event)
        else:
            tiers.loose.append(event)
    tiers.app += seen


class _Ends:
    """Whose end a line tells: of the one open socket, or of the one that another line right before ended; else nobody knows."""

    def __init__(self) -> None:
        self._open: list[Sighting] = []
        self._last: tuple[Sighting, int] | None = None

    def begun(self, made: Sighting) -> Sighting:
        if made.opened:
            self._open.append(made)
        return made

    def over(self, event: Event) -> bool:
        """Whether the line found its socket."""
        one = self._open[0] if len(self._open) == 1 else None
        if self._last is not None and event.line - self._last[1] <= NEAR_LINES and not _told_so(event, self._last[0]):
            one = self._last[0]
        if one is None or (event.what is What.EXCEPTION and _told_so(event, one)):
            return False
        one.add(event)
        if event.what is What.CLOSED:
            one.end = one.end if event.at is None else event.at + one.before_s
            self._last = one, event.line
            if one in self._open:
                self._open.remove(one)
        return True


def _told_so(event: Event, one: Sighting) -> bool:
    """Whether a line of this kind told of the try's end before: the app and its server each have a line for a close."""
    return any(e.what is event.what and (e.code is None) == (event.code is None) for e in one.events)


def _same_refusal(last: Sighting | None, event: Event) -> bool:
    """The server library's own line after uvicorn's line about the same refusal."""
    if last is None or last.main.what is not What.REFUSED or last.main.path is None or last.status != event.status:
        return False
    return not any(e.path is None and e.what is What.REFUSED for e in last.events) and event.line - last.main.line <= NEAR_LINES


def _of_answer(event: Event) -> Sighting:
    opened = event.what in (What.ACCEPTED, What.OPENED)
    made = Sighting(tier=Tier.APP, source=event.source, main=event, start=event.at, opened=opened)
    made.status = _TUNNEL if opened else event.status
    made.resolution_s = event.resolution_s
    made.before_s = 0.5 if event.resolution_s >= 1.0 else 0.0
    made.start = None if event.at is None else event.at + made.before_s
    made.end = None if opened else made.start
    made.add(event)
    return made


def _beside(event: Event, seen: Sequence[Sighting]) -> Sighting | None:
    """The try that a note stands beside; None when it belongs to the bundle."""
    if event.what in LIFE:
        return None
    near = [s for s in seen if _is_near(event, s)]
    return min(near, key=lambda s: (abs(s.main.line - event.line), s.main.line < event.line), default=None)


def _is_near(event: Event, one: Sighting) -> bool:
    if event.at is not None and one.main.at is not None:
        return abs(one.main.at - event.at) <= NEAR_S and abs(one.main.line - event.line) <= 4 * NEAR_LINES
    return abs(one.main.line - event.line) <= NEAR_LINES
