"""Sightings of three tiers -> attempts on the server's clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wslogs.correlate import clocks, sightings
from wslogs.correlate.clocks import Offset
from wslogs.correlate.join import pairs
from wslogs.correlate.sightings import Sighting, Tiers
from wslogs.model import Attempt, Event, Source, Tier, What

_ENOUGH = 3
"""So many pairs may shift a clock whose log says its zone."""
_ALIKE_S = 2.0
_TUNNEL = 101


@dataclass(slots=True)
class Correlation:
    """What is joined, and what belongs to no single try."""

    attempts: list[Attempt] = field(default_factory=list)
    loose: list[Event] = field(default_factory=list)
    caveats: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    """(name of a caveat, what goes into its text)."""


def correlate(events: Sequence[Event], sources: Sequence[Source], dates: Mapping[str, Sequence[tuple[float, float, float]]]) -> Correlation:
    """One attempt for each try that any tier saw, in order of time; the sources learn their offsets.

    The reference clock is the proxy's, else the app's, else the browser's.
    """
    tiers, result = Tiers(), Correlation()
    by_path = {source.path: source for source in sources}
    rows = [e for e in events if e.tier is Tier.PROXY]
    sightings.proxy(rows, tiers, _error_clock(rows, by_path))
    sightings.app([e for e in events if e.tier is Tier.APP], tiers)
    sightings.browser([e for e in events if e.tier is Tier.BROWSER], tiers)
    tiers.loose += [e for e in events if e.tier not in (Tier.PROXY, Tier.APP, Tier.BROWSER)]
    reference = next((t for t in (Tier.PROXY, Tier.APP, Tier.BROWSER) if _of(tiers, t)), Tier.PROXY)
    for tier in (Tier.APP, Tier.BROWSER):
        if tier is not reference:
            _align(tier, reference, tiers, by_path, dates, result)
    offset = _offsets(by_path)
    groups = _groups(tiers, offset)
    _bind(groups, tiers, offset)
    result.attempts = [_attempt(group, offset, by_path) for group in groups]
    result.attempts.sort(key=lambda a: (a.started is None, a.started or 0.0, a.events[0].source, a.events[0].line))
    for number, attempt in enumerate(result.attempts, 1):
        attempt.id = f"A{number}"
    _fill_hosts(result.attempts)
    result.loose = [_shifted(e, offset) for e in tiers.loose]
    return result


def _of(tiers: Tiers, tier: Tier) -> list[Sighting]:
    return {Tier.BROWSER: tiers.browser, Tier.PROXY: tiers.proxy, Tier.APP: tiers.app}[tier]


def _offsets(by_path: Mapping[str, Source]) -> dict[str, float]:
    return {path: source.offset_s for path, source in by_path.items()}


def _shifted(event: Event, offset: Mapping[str, float]) -> Event:
    return event if event.at is None else replace(event, at=event.at + offset.get(event.source, 0.0))


def _error_clock(rows: Iterable[Event], by_path: Mapping[str, Source]) -> Callable[[Event], float | None]:
    """nginx's error log has the zone of its machine and does not say it: the whole quarter-hour that fits the access log."""
    ends: dict[tuple[str | None, str | None], list[float]] = {}
    errors: dict[str, dict[tuple[str | None, str | None], list[float]]] = {}
    for row in rows:
        if row.at is None or row.path is None:
            continue
        key = (row.path, row.token.fingerprint if row.token else None)
        if row.what is What.HANDSHAKE:
            ends.setdefault(key, []).append(row.at)
        elif row.what is What.ERROR:
            errors.setdefault(row.source, {}).setdefault(key, []).append(row.at)
    for path, source in by_path.items():
        if source.kind != "nginx-error" or source.zoned or not ends:
            continue
        found = clocks.from_pairs([(own, ends.get(key, [])) for key, own in errors.get(path, {}).items()], 2.0)
        if found is not None:
            source.offset_s = round(found.seconds / clocks.QUARTER_S) * clocks.QUARTER_S
            source.zone_from, source.error_s = "aligned", 1.0
        else:
            source.offset_s, source.zone_from = 0.0, "assumed"

    def shift(event: Event) -> float | None:
        return None if event.at is None else event.at + by_path[event.source].offset_s

    return shift


def _align(
    tier: Tier,
    reference: Tier,
    tiers: Tiers,
    by_path: Mapping[str, Source],
    dates: Mapping[str, Sequence[tuple[float, float, float]]],
    result: Correlation,
) -> None:
    """Gives each source of a tier its offset to the reference clock."""
    theirs = _of(tiers, reference)
    for path in sorted({s.source for s in _of(tiers, tier)}):
        source, own = by_path[path], [s for s in _of(tiers, tier) if s.source == path]
        found = clocks.from_dates(dates.get(path, ()))
        if found is None:
            found = clocks.from_pairs(_same_token(own, theirs), _ALIKE_S, 0.0)
            if found is not None and source.zoned and not _needed(found, own, theirs):
                found = None
        if found is None:
            source.zone_from = "the log" if source.zoned else "assumed"
            if not source.zoned and any(s.start is not None for s in own):
                result.caveats.append(("zone-assumed", {"source": path}))
            continue
        found = clocks.zone(found)
        source.offset_s, source.error_s = found.seconds, found.error_s
        source.zone_from = "aligned" if not source.zoned else "the log"
        if abs(found.skew_s) > max(_ALIKE_S, 2 * found.error_s):
            told: dict[str, object] = {"source": path, "seconds": round(-found.skew_s, 1), "error": round(found.error_s, 1)}
            result.caveats.append(("clock-corrected", told))


def _needed(found: Offset, own: Sequence[Sighting], theirs: Sequence[Sighting]) -> bool:
    """A clock that says its zone is shifted only where three pairs ask for it and none stands without."""
    if abs(found.seconds) <= _ALIKE_S or found.pairs < _ENOUGH:
        return False
    stands = len(pairs(own, theirs, 0.0, 0.0))
    return found.pairs > stands or stands == 0


def _same_token(own: Sequence[Sighting], theirs: Sequence[Sighting]) -> list[tuple[list[float], list[float]]]:
    """Times of tries that may be the same: starts with starts, and ends with ends where either side has nothing else."""

    def times(seen: Iterable[Sighting]) -> dict[tuple[object, ...], list[float]]:
        found: dict[tuple[object, ...], list[float]] = {}
        for one in seen:
            name = (one.token or one.path, _TUNNEL if one.opened else one.status)
            for moment, at in (("start", one.start), ("end", one.end)):
                if at is not None:
                    found.setdefault((moment, *name), []).append(at)
        return found

    mine, others = times(own), times(theirs)
    starts = [(at, others[name]) for name, at in mine.items() if name[0] == "start" and name in others]
    return starts or [(at, others[name]) for name, at in mine.items() if name in others]


def _groups(tiers: Tiers, offset: Mapping[str, float]) -> list[dict[Tier, Sighting]]:
    """Sightings of one try, one of each tier at most."""
    browser, proxy, app = (_on_server_clock(s, offset) for s in (tiers.browser, tiers.proxy, tiers.app))
    to_proxy = pairs(browser, proxy, 0.0, 0.5)
    to_app = pairs(proxy, app, 0.0, 0.5)
    groups: list[dict[Tier, Sighting]] = [{Tier.PROXY: one} for one in proxy]
    for place, other in to_app.items():
        groups[place][Tier.APP] = app[other]
    left = []
    for place, one in enumerate(browser):
        if place in to_proxy:
            groups[to_proxy[place]][Tier.BROWSER] = one
        else:
            left.append(one)
    free = [one for place, one in enumerate(app) if place not in set(to_app.values())]
    direct = pairs(left, free, 0.0, 0.5)
    for place, one in enumerate(left):
        groups.append({Tier.BROWSER: one} | ({Tier.APP: free[direct[place]]} if place in direct else {}))
    groups += [{Tier.APP: one} for place, one in enumerate(free) if place not in set(direct.values())]
    return groups


def _on_server_clock(seen: Sequence[Sighting], offset: Mapping[str, float]) -> list[Sighting]:
    for one in seen:
        shift = 0.0 if one.tier is Tier.PROXY else offset.get(one.source, 0.0)
        one.start = one.start + shift if one.start is not None else None
        one.end = one.end + shift if one.end is not None else None
    return list(seen)


def _bind(groups: Sequence[dict[Tier, Sighting]], tiers: Tiers, offset: Mapping[str, float]) -> None:
    """Closes and exceptions of the app that fitted several open sockets: now the ends of the tunnels tell whose they are."""
    left = []
    for event in tiers.loose:
        if event.what not in (What.CLOSED, What.EXCEPTION) or event.tier is not Tier.APP or event.at is None:
            left.append(event)
            continue
        at = event.at + offset.get(event.source, 0.0)
        best = min((row for g in groups if (row := _near_end(g, event, at)) is not None), key=lambda row: row[0], default=None)
        if best is None:
            left.append(event)
        else:
            best[1].add(event)
            best[1].end = at
    tiers.loose = left


def _near_end(group: Mapping[Tier, Sighting], event: Event, at: float) -> tuple[float, Sighting] | None:
    app = group.get(Tier.APP)
    if app is None or not app.opened or app.source != event.source or any(e.what is event.what for e in app.events):
        return None
    ends = [s.end for s in group.values() if s.end is not None and s is not app]
    distance = min((abs(end - at) for end in ends), default=None)
    return (distance, app) if distance is not None and distance <= _ALIKE_S else None


def _attempt(group: Mapping[Tier, Sighting], offset: Mapping[str, float], by_path: Mapping[str, Source]) -> Attempt:
    seen = [group[tier] for tier in (Tier.BROWSER, Tier.PROXY, Tier.APP) if tier in group]
    events = tuple(_shifted(e, offset) for s in seen for e in s.events)
    main = {s.tier: _shifted(s.main, offset) for s in seen}
    timed = [s for s in seen if s.start is not None]
    best = min(timed, key=lambda s: (s.resolution_s, s.tier is not Tier.PROXY), default=None)
    ends = [(s.resolution_s, s.end) for s in seen if s.end is not None]
    started = best.start if best else None
    ended = max((end for _, end in ends), default=None)
    if started is None and ended is not None and not any(s.opened for s in seen):
        started = ended
    opened = next((s.opened for s in sorted(seen, key=_trust) if s.opened is not None), None)
    return Attempt(
        id="", events=events, started=started, ended=ended, opened=opened,
        error_s=max((by_path[s.source].error_s if s.source in by_path else 0.0) + s.resolution_s for s in seen),
        status=next((s.status for s in sorted(seen, key=_trust) if s.status), None),
        code=_code(group), token=next((e.token for e in events if e.token), None),
        host=next((e.host for e in events if e.host), None), path=next((e.path for e in events if e.path), None),
        scheme=next((e.scheme for e in events if e.scheme in ("ws", "wss")), None),
        client=next((e.client for s in seen for e in s.events if e.client and s.tier is not Tier.BROWSER), None), tiers=main,
    )  # fmt: skip


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
