"""Closes and exceptions of the app that name nobody -> the tries that they end, by the ends that the other tiers tell."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from wslogs.correlate.align import Clocks
from wslogs.correlate.sightings import Sighting, Tiers, program
from wslogs.model import Tier, What

_ALIKE_S = 2.0


def bind(groups: Sequence[Mapping[Tier, Sighting]], tiers: Tiers, clocks: Clocks) -> None:
    """Closes and exceptions of the app that fitted several open sockets: now the ends of the tunnels tell whose they are.

    A close that fitted the only open socket of its log, and not the end of that socket, was of one accepted before the log begins.
    """
    for group in groups:
        _release(group, tiers)
    ends: dict[str, list[tuple[float, int]]] = {}
    for position, group in enumerate(groups):
        app = group.get(Tier.APP)
        told = [s.end for s in group.values() if s.end is not None and s is not app]
        if app is not None and app.opened and told:
            ends.setdefault(program(app.source), []).append((min(told), position))
    times = {path: [end for end, _ in sorted(rows)] for path, rows in ends.items()}
    ordered = {path: sorted(rows) for path, rows in ends.items()}
    fitting: list[tuple[float, int, int]] = []
    for number, event in enumerate(tiers.loose):
        at = clocks.at(event)
        if event.what not in (What.CLOSED, What.EXCEPTION) or event.tier is not Tier.APP or at is None or program(event.source) not in ends:
            continue
        log = program(event.source)
        first, last = bisect_left(times[log], at - _ALIKE_S), bisect_left(times[log], at + _ALIKE_S)
        fitting += [(abs(end - at), number, position) for end, position in ordered[log][first:last]]
    bound: set[int] = set()
    for _, number, position in sorted(fitting):
        event, app = tiers.loose[number], groups[position][Tier.APP]
        if number not in bound and not any(e.what is event.what for e in app.events):
            bound.add(number)
            app.add(event)
            at = clocks.at(event)
            app.end = app.end if at is None else at + app.before_s
    tiers.loose = [event for number, event in enumerate(tiers.loose) if number not in bound]


def _release(group: Mapping[Tier, Sighting], tiers: Tiers) -> None:
    app = group.get(Tier.APP)
    told = [s.end for tier, s in group.items() if tier is not Tier.APP and s.end is not None]
    if app is None or app.end is None or not app.opened or not told:
        return
    if min(abs(end - app.end) for end in told) > _ALIKE_S + app.resolution_s + min(app.error_s, _ALIKE_S):
        wrong = [e for e in app.events if e.what in (What.CLOSED, What.EXCEPTION)]
        app.events = [e for e in app.events if e not in wrong]
        app.end, app.code = None, None
        tiers.loose += wrong
