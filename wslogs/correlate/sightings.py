"""Events of one tier -> sightings: what that tier alone saw of each try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import Match, SequenceMatcher

from wslogs.model import LIFE, Event, Tier, What

NEAR_LINES = 8
NEAR_S = 1.5
_TUNNEL = 101


@dataclass(slots=True, eq=False, kw_only=True)
class Sighting:
    """What one tier saw of one try. Times are epoch seconds on the tier's own clock."""

    tier: Tier
    source: str
    main: Event
    events: list[Event] = field(default_factory=list)
    start: float | None = None
    end: float | None = None
    resolution_s: float = 1.0
    opened: bool | None = None
    status: int | None = None
    code: int | None = None
    order: int = 0
    """Place in the tier's own order."""

    def add(self, event: Event) -> None:
        self.events.append(event)
        if event.code is not None and self.code is None:
            self.code = event.code

    @property
    def token(self) -> str | None:
        return next((e.token.fingerprint for e in self.events if e.token), None)

    @property
    def path(self) -> str | None:
        return next((e.path for e in self.events if e.path), None)


@dataclass(slots=True)
class Tiers:
    """All sightings, and the events that belong to no single try."""

    browser: list[Sighting] = field(default_factory=list)
    proxy: list[Sighting] = field(default_factory=list)
    app: list[Sighting] = field(default_factory=list)
    loose: list[Event] = field(default_factory=list)
    """Notes about the whole bundle, exceptions and closes that fit several tries, the app's starts and stops."""


def browser(events: Sequence[Event], tiers: Tiers) -> None:
    """HAR entries are tries; a console tells the same tries once more, or tells them alone."""
    hars: dict[str, list[Sighting]] = {}
    consoles: dict[str, list[Event]] = {}
    for event in events:
        if event.what is What.HANDSHAKE:
            hars.setdefault(event.source, []).append(_of_har(event))
        else:
            consoles.setdefault(event.source, []).append(event)
    told = {source: _of_console(rows, tiers) for source, rows in consoles.items()}
    for har, console in _partners(hars, told):
        _merge(hars[har], told.pop(console), told.setdefault("", []))
    for seen in [*hars.values(), *told.values()]:
        tiers.browser += seen
    for order, one in enumerate(tiers.browser):
        one.order = order


def _of_har(event: Event) -> Sighting:
    opened = event.status == _TUNNEL if event.status or event.signals else None
    end = event.at + event.lasted_s if event.at is not None and event.lasted_s is not None else None
    return Sighting(
        tier=Tier.BROWSER, source=event.source, main=event, events=[event], start=event.at, end=end,
        resolution_s=event.resolution_s, opened=opened, status=event.status,
    )  # fmt: skip


def _of_console(events: Iterable[Event], tiers: Tiers) -> list[Sighting]:
    """A failure line begins a try; a close code ends the try before it, or tells of one that had opened."""
    tries: list[Sighting] = []
    for event in events:
        last = tries[-1] if tries else None
        if event.what is What.FAILED and not (last and _continues(last, event)):
            tries.append(_told(event, opened=False))
        elif event.what is What.CLOSED and (last is None or (last.code is not None and not _repeats(last, event))):
            tries.append(_told(event, opened=True))
        elif last is not None:
            last.add(event)
            last.status = last.status or event.status
        else:
            tiers.loose.append(event)
    return tries


def _continues(last: Sighting, event: Event) -> bool:
    """A second line about the same failure: its reason on a line of its own, or the exception of a blocked one."""
    near = event.line - last.events[-1].line <= 2 and last.code is None
    same = not event.path or not last.path or (event.path, event.host) == (last.main.path, last.main.host)
    return near and same and (event.path is None or last.path is None or (last.status is None and not last.main.signals))


def _repeats(last: Sighting, event: Event) -> bool:
    """The browser's own line about a lost socket, then the page's words about it."""
    return event.code == last.code and last.main.path is not None and event.path is None and event.line - last.main.line <= NEAR_LINES


def _told(event: Event, *, opened: bool) -> Sighting:
    made = Sighting(tier=event.tier, source=event.source, main=event, end=event.at, opened=opened, status=event.status)
    made.add(event)
    made.resolution_s = event.resolution_s
    return made


def _partners(hars: dict[str, list[Sighting]], consoles: dict[str, list[Sighting]]) -> list[tuple[str, str]]:
    """Which console belongs to which HAR: the one whose tries fit best, then the one whose name is alike."""
    scored = []
    for har, seen in hars.items():
        for console, tries in consoles.items():
            tokens = {s.token for s in tries} - {None}
            if tokens and not tokens & {s.token for s in seen}:
                continue
            fit = sum(block.size for block in _alignment(seen, tries))
            scored.append((-fit, -_alike(har, console), har, console))
    pairs: list[tuple[str, str]] = []
    for _, _, har, console in sorted(scored):
        if all(har != h and console != c for h, c in pairs):
            pairs.append((har, console))
    return pairs


def _alike(one: str, other: str) -> int:
    """How many first characters two labels share: anna.har and anna-console.log are likely one person's."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _alignment(seen: Sequence[Sighting], tries: Sequence[Sighting]) -> list[Match]:
    return SequenceMatcher(None, [_label(s) for s in seen], [_label(s) for s in tries], autojunk=False).get_matching_blocks()


def _label(one: Sighting) -> tuple[bool, int | None]:
    return bool(one.opened), None if one.opened else one.status


def _merge(seen: list[Sighting], tries: list[Sighting], left: list[Sighting]) -> None:
    used = set()
    for block in _alignment(seen, tries):
        for step in range(block.size):
            one, told = seen[block.a + step], tries[block.b + step]
            used.add(block.b + step)
            for event in told.events:
                one.add(event)
    left += [told for position, told in enumerate(tries) if position not in used and not told.opened]


def proxy(events: Sequence[Event], tiers: Tiers, shift: Callable[[Event], float | None]) -> None:
    """Access rows are tries; a line of the error log joins the row of its request, or tells of a try alone.

    `shift` gives an error line's time on the access log's clock.
    """
    rows = _distinct([e for e in events if e.what is What.HANDSHAKE])
    tiers.proxy += [_of_row(row) for row in rows]
    by_connection: dict[str, list[Sighting]] = {}
    by_token: dict[str | None, list[Sighting]] = {}
    for one in tiers.proxy:
        if one.main.connection:
            by_connection.setdefault(one.main.connection, []).append(one)
        by_token.setdefault(one.token, []).append(one)
    for event in events:
        if event.what is What.HANDSHAKE:
            continue
        if event.what is not What.ERROR:
            tiers.loose.append(event)
            continue
        at = shift(event)
        near = by_connection.get(event.connection or "") or by_token.get(event.token.fingerprint if event.token else None, [])
        row = _row_of(event, at, near)
        if row is None:
            row = _of_error(event, at)
            tiers.proxy.append(row)
        else:
            row.add(event)
    tiers.proxy.sort(key=lambda s: s.start if s.start is not None else s.end or 0.0)
    for order, one in enumerate(tiers.proxy):
        one.order = order


def _distinct(rows: list[Event]) -> list[Event]:
    """Rows of overlapping logs once: same instant, request, client, status, length and id in another file."""
    first: dict[tuple[object, ...], str] = {}
    kept = []
    for row in rows:
        token = row.token.fingerprint if row.token else None
        key = (row.at, row.path, token, row.client, row.status, row.lasted_s, row.request_id, row.connection)
        if first.setdefault(key, row.source) == row.source:
            kept.append(row)
    return kept


def _middle(event: Event, at: float | None) -> float | None:
    """The likeliest instant of a time that is cut to its whole second: half a second later."""
    return None if at is None else at + (0.5 if event.resolution_s >= 1.0 else 0.0)


def _of_row(row: Event) -> Sighting:
    end, start = _middle(row, row.at), None
    if end is not None and row.lasted_s is not None:
        start = end - row.lasted_s
    elif end is not None and row.status != _TUNNEL:
        start = end
    return Sighting(
        tier=Tier.PROXY,
        source=row.source,
        main=row,
        events=[row],
        start=start,
        end=end,
        resolution_s=row.resolution_s,
        opened=row.status == _TUNNEL if row.status else None,
        status=row.status,
    )


def _row_of(event: Event, at: float | None, rows: Sequence[Sighting]) -> Sighting | None:
    fitting = []
    for one in rows:
        if event.path != one.main.path or (event.client and one.main.client and event.client != one.main.client):
            continue
        taken = any(e.what is What.ERROR for e in one.events)
        if at is None or one.end is None:
            fitting.append((taken, 0.0, one.order, one))
            continue
        begin = one.start if one.start is not None else one.end
        if begin - 2 <= at <= one.end + 2:
            fitting.append((taken, abs(one.end - at), one.order, one))
    return min(fitting, key=lambda row: row[:3])[3] if fitting else None


def _of_error(event: Event, at: float | None) -> Sighting:
    opened = event.status == _TUNNEL
    at = _middle(event, at)
    made = Sighting(tier=Tier.PROXY, source=event.source, main=event, end=at, status=event.status, opened=opened or None)
    made.start = None if opened else at
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
    for event in rows:
        last = seen[-1] if seen else None
        if event.what in (What.ACCEPTED, What.REQUEST) or (event.what is What.REFUSED and (event.path or not _same_refusal(last, event))):
            seen.append(_of_answer(event))
        elif event.what is What.REFUSED and last is not None:
            last.add(event)
        elif event.what is What.OPENED:
            if last is None or not last.opened or any(e.what is What.OPENED for e in last.events):
                seen.append(_of_answer(event))
            else:
                last.add(event)
        else:
            beside.append(event)
    for event in beside:
        place = _beside(event, seen)
        if place is not None:
            place.add(event)
        else:
            tiers.loose.append(event)
    tiers.app += seen


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
    made.end = None if opened else event.at
    made.add(event)
    return made


def _beside(event: Event, seen: Sequence[Sighting]) -> Sighting | None:
    """The try that a note stands beside; None when it belongs to the bundle, or to one of several open sockets."""
    if event.what in LIFE:
        return None
    if event.what in (What.CLOSED, What.EXCEPTION):
        before = [s for s in seen if s.opened and s.main.line <= event.line and s.end is None]
        if len(before) != 1:
            return None
        before[0].end = event.at
        return before[0]
    near = [s for s in seen if _is_near(event, s)]
    return min(near, key=lambda s: (abs(s.main.line - event.line), s.main.line < event.line), default=None)


def _is_near(event: Event, one: Sighting) -> bool:
    if event.at is not None and one.main.at is not None:
        return abs(one.main.at - event.at) <= NEAR_S and abs(one.main.line - event.line) <= 4 * NEAR_LINES
    return abs(one.main.line - event.line) <= NEAR_LINES
