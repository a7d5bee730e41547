"""Sightings of three tiers -> attempts on the server's clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wslogs.correlate import browsers, consoles, error_log, hosts, netlogs, sightings
from wslogs.correlate.align import KEPT_S, UNKNOWN_S, Clocks, Date, align, by_coverage, refine
from wslogs.correlate.clocks import QUARTER_S
from wslogs.correlate.duplicates import distinct
from wslogs.correlate.ends import bind
from wslogs.correlate.join import pairs
from wslogs.correlate.place import place
from wslogs.correlate.sightings import Sighting, Span, Tiers, program
from wslogs.model import Attempt, Event, Source, Tier, What

_ORDER = (Tier.PROXY, Tier.APP, Tier.BROWSER)
"""Whose clock is the server's: the first that the bundle has."""

Group = dict[Tier, Sighting]
"""Sightings of one try, one of each tier at most."""


@dataclass(slots=True)
class Correlation:
    """What is joined, and what belongs to no single try."""

    attempts: list[Attempt] = field(default_factory=list)
    loose: list[Event] = field(default_factory=list)
    caveats: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    """(name of a caveat, what goes into its text)."""


def correlate(events: Sequence[Event], sources: Sequence[Source], dates: Mapping[str, Sequence[Date]]) -> Correlation:
    """One attempt for each try that any tier saw, in order of time; the sources learn their offsets.

    The reference clock is the proxy's, else the app's, else the browser's.
    """
    by_path = {source.path: source for source in sources}
    events = distinct(events, by_path)
    clocks, tiers = Clocks(by_path, _lines(events)), Tiers()
    rows = [e for e in events if e.tier is Tier.PROXY]
    error_log.align(rows, clocks)
    hosts.settle(clocks)
    sightings.proxy(rows, tiers, clocks.at)
    sightings.app([e for e in events if e.tier is Tier.APP], tiers)
    browsers.browser([e for e in events if e.tier is Tier.BROWSER], tiers)
    netlogs.fold(tiers, clocks)
    tiers.loose += [e for e in events if e.tier not in _ORDER]
    groups = _tries(_joined(tiers, dates, clocks), tiers)
    _rest(groups, clocks)
    clocks.tell()
    placed = place(groups, tiers.loose)
    result = Correlation(caveats=clocks.caveats)
    result.attempts = [_attempt(group, clocks, placed) for group in groups]
    result.attempts.sort(key=lambda a: (a.started is None, a.started or 0.0, a.events[0].source, a.events[0].line))
    for number, attempt in enumerate(result.attempts, 1):
        attempt.id = f"A{number}"
    _fill_hosts(result.attempts)
    result.loose = [_shifted(e, clocks, placed) for e in tiers.loose]
    return result


def _tries(groups: Sequence[Group], tiers: Tiers) -> list[Group]:
    """Without the plain GETs of a path on which the app's log tells WebSockets apart: there a GET is what the page fetched."""
    told = {(program(s.source), s.path) for s in tiers.app if s.path and s.main.what in (What.ACCEPTED, What.REFUSED)}
    kept = []
    for group in groups:
        app, row = group.get(Tier.APP), group.get(Tier.PROXY)
        plain = app is not None and app.main.what is What.REQUEST and (program(app.source), app.path) in told
        if plain and Tier.BROWSER not in group and not (row is not None and row.main.upgrade):
            tiers.loose += [event for one in group.values() for event in one.events]
        else:
            kept.append(group)
    return kept


def _lines(events: Iterable[Event]) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for event in events:
        if event.at is not None:
            found.setdefault(event.source, []).append((event.line, event.at))
    return {path: sorted(rows) for path, rows in found.items()}


def _joined(tiers: Tiers, dates: Mapping[str, Sequence[Date]], clocks: Clocks) -> list[Group]:
    """Clocks by all pairs that may be, joins by these clocks, clocks once more by the joins; joins again where that moved one."""
    seen = {Tier.BROWSER: tiers.browser, Tier.PROXY: tiers.proxy, Tier.APP: tiers.app}
    reference = next((tier for tier in _ORDER if seen[tier]), Tier.PROXY)
    _zone_of_reference(reference, seen, clocks)
    if reference is not Tier.PROXY:  # its error lines stand on the clock of its rows already
        clocks.move(seen[reference])
    others = list(seen[reference])
    for tier in (Tier.BROWSER, Tier.APP):  # a browser says its zone, and HTTP Dates tell its clock: it helps to place the app
        if tier is reference:
            continue
        for path, own in _by_source(seen[tier]):
            if not clocks.follows(path, tiers.partners):
                align(clocks.sources[path], own, others, dates.get(path, ()), clocks)
        clocks.move(seen[tier])
        others += seen[tier]
    netlogs.follow(tiers, clocks)
    consoles.align(tiers, clocks)
    groups = _groups(tiers)
    bind(groups, tiers, clocks)
    moved = False
    for tier in (Tier.BROWSER, Tier.APP):
        if tier is reference:
            continue
        for path, _ in _by_source(seen[tier]):
            if not clocks.follows(path, tiers.partners):
                moved |= refine(clocks.sources[path], _partners(groups, tier, path), dates.get(path, ()), clocks)
        clocks.move(seen[tier])
    netlogs.follow(tiers, clocks)
    consoles.align(tiers, clocks)
    if moved:
        groups = _groups(tiers)
        bind(groups, tiers, clocks)
    return groups


def _rest(groups: Sequence[Group], clocks: Clocks) -> None:
    """Logs that have times and no try: their clock is what the log says, or what brings them into the time of the others."""
    known = {
        one.source for group in groups for one in group.values() if clocks.sources[one.source].zoned or clocks.sources[one.source].offset_s
    }
    reference = [clocks.sources[path] for path in sorted(known)]
    for path, source in sorted(clocks.sources.items()):
        if source.dateless and source.zone_from != "aligned":
            source.first = source.last = None
            source.spans = []
        if source.first is None or path in known or source.zone_from == "aligned":
            continue
        if source.tier is Tier.APP and not source.zoned:
            source.zone_from, source.error_s = "assumed", UNKNOWN_S
            by_coverage(source, [s for s in reference if s is not source], clocks)
        elif source.tier in (Tier.APP, Tier.BROWSER):
            source.error_s = KEPT_S


def _zone_of_reference(reference: Tier, seen: Mapping[Tier, Sequence[Sighting]], clocks: Clocks) -> None:
    """A reference log without a zone learns it from a tier that says its own: the whole quarter-hours between them."""
    for path, own in _by_source(seen[reference]):
        source = clocks.sources[path]
        if source.zoned or source.steps or source.zone_from == "aligned":
            continue
        zoned = [s for tier in _ORDER if tier is not reference for s in seen[tier] if clocks.sources[s.source].zoned]
        align(source, own, zoned, (), clocks)
        source.offset_s = round(source.offset_s / QUARTER_S) * QUARTER_S
        if source.zone_from == "aligned":
            clocks.caveats = [c for c in clocks.caveats if c != ("zone-assumed", {"source": path})]
            clocks.move(own)


def _by_source(seen: Iterable[Sighting]) -> list[tuple[str, list[Sighting]]]:
    found: dict[str, list[Sighting]] = {}
    for one in seen:
        found.setdefault(one.source, []).append(one)
    return sorted(found.items())


def _partners(groups: Iterable[Group], tier: Tier, path: str) -> list[tuple[Sighting, Sighting]]:
    """The tries of a source, each with those of the other tiers."""
    return [(g[tier], other) for g in groups if tier in g and g[tier].source == path for t, other in g.items() if t is not tier]


def _groups(tiers: Tiers) -> list[Group]:
    browser, proxy, app = tiers.browser, tiers.proxy, tiers.app
    to_proxy = pairs(browser, proxy)
    to_app = pairs(proxy, app)
    groups: list[Group] = [{Tier.PROXY: one} for one in proxy]
    for at, other in to_app.items():
        groups[at][Tier.APP] = app[other]
    left = []
    for at, one in enumerate(browser):
        if at in to_proxy:
            groups[to_proxy[at]][Tier.BROWSER] = one
        else:
            left.append(one)
    taken = set(to_app.values())
    free = [one for at, one in enumerate(app) if at not in taken]
    direct = pairs(left, free)
    for at, one in enumerate(left):
        groups.append({Tier.BROWSER: one} | ({Tier.APP: free[direct[at]]} if at in direct else {}))
    taken = set(direct.values())
    groups += [{Tier.APP: one} for at, one in enumerate(free) if at not in taken]
    return groups


def _shifted(event: Event, clocks: Clocks, placed: Mapping[tuple[str, int], Span]) -> Event:
    if event.at is not None:
        at = clocks.at(event)
        return event if at == event.at else replace(event, at=at)
    span = placed.get((event.source, event.line))
    return event if span is None else replace(event, at=span[0], resolution_s=span[1] - span[0])


def _attempt(group: Group, clocks: Clocks, placed: Mapping[tuple[str, int], Span]) -> Attempt:
    seen = [group[tier] for tier in (Tier.BROWSER, Tier.PROXY, Tier.APP) if tier in group]
    shifted = {id(e): _shifted(e, clocks, placed) for s in seen for e in s.events}
    events = tuple(shifted[id(e)] for s in seen for e in s.events)
    main = {s.tier: shifted.get(id(s.main)) or _shifted(s.main, clocks, placed) for s in seen}
    started, error_s = _started(group, clocks, main)
    ended = _ended(group, started)
    opened = next((s.opened for s in seen if s.opened is not None), None)  # a page may break a handshake off after its 101
    pending = opened is None and Tier.BROWSER in main and main[Tier.BROWSER].what is What.HANDSHAKE
    return Attempt(
        id="", events=events, started=started, ended=None if pending else ended,
        opened=False if pending else opened, pending=pending, error_s=error_s,
        status=next((s.status for s in sorted(seen, key=_trust) if s.status), None),
        code=_code(group), token=next((e.token for e in events if e.token), None),
        host=next((e.host for e in events if e.host), None), path=next((e.path for e in events if e.path), None),
        scheme=next((e.scheme for e in events if e.scheme in ("ws", "wss")), None),
        client=next((e.client for s in seen for e in s.events if e.client and s.tier is not Tier.BROWSER), None), tiers=main,
    )  # fmt: skip


def _started(group: Group, clocks: Clocks, main: Mapping[Tier, Event]) -> tuple[float | None, float]:
    """(the likeliest start on the server's clock, how far it may be off).

    The page knows when it dialled. Without it, the request came in when nginx says, and no later than the app answered.
    """
    spans = {tier: span for tier, one in group.items() if (span := one.span("start")) is not None}
    page, row, answer = group.get(Tier.BROWSER), spans.get(Tier.PROXY), spans.get(Tier.APP)
    if page is not None and page.start is not None:
        return page.start, page.resolution_s + clocks.error(page.source)
    if row is not None:
        likely, error = group[Tier.PROXY].start or row[0], max(0.001, (row[1] - row[0]) / 2)
        if answer is not None and row[0] <= answer[0] < row[1]:
            clock = clocks.error(group[Tier.APP].source)
            return answer[0], max(0.001, answer[0] - row[0], min(clock, row[1] - answer[0]))
        return likely, error
    if answer is not None:
        return group[Tier.APP].start, answer[1] - answer[0] + clocks.error(group[Tier.APP].source)
    ends = [(one.resolution_s + clocks.error(one.source), one.end) for one in group.values() if one.end is not None]
    if ends and not any(one.opened for one in group.values()):
        error, end = min(ends)
        return end, error
    placed = main.get(Tier.APP)
    if placed is not None and placed.at is not None:
        return placed.at + placed.resolution_s / 2, placed.resolution_s / 2
    return None, max((one.resolution_s for one in group.values()), default=0.0)


def _ended(group: Group, started: float | None) -> float | None:
    """When the page lost it; without a page, when nginx ended the request, or the app."""
    page, row, app = group.get(Tier.BROWSER), group.get(Tier.PROXY), group.get(Tier.APP)
    if page is not None and page.end is not None:
        return page.end
    if row is not None and row.end is not None:
        lasted = row.main.lasted_s
        return row.end if lasted is None or started is None or page is not None else started + lasted
    return app.end if app is not None else None


def _fill_hosts(attempts: Sequence[Attempt]) -> None:
    """Logs that do not say the host speak of the one that the others name, where there is only one."""
    hosts = {a.host for a in attempts if a.host}
    if len(hosts) == 1:
        host = hosts.pop()
        for attempt in attempts:
            attempt.host = host


def _trust(one: Sighting) -> int:
    """The proxy's status is the answer that went to the browser; the browser's own is often 0, the app's is behind the proxy."""
    return (Tier.PROXY, Tier.BROWSER, Tier.APP).index(one.tier)


def _code(group: Mapping[Tier, Sighting]) -> int | None:
    """The close code as the page saw it; the app's view of a lost client (1005, 1006) says only that it was lost."""
    browser, app = group.get(Tier.BROWSER), group.get(Tier.APP)
    if browser is not None and browser.code is not None:
        return browser.code
    if browser is not None and browser.opened is False:
        return 1006
    return app.code if app is not None else None
