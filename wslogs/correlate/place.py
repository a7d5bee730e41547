"""Lines without a time get the interval between the lines around them whose moment other tiers tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from wslogs.correlate.sightings import Sighting, Span
from wslogs.model import Event, Tier, What

_PROMPT_S = 3.0
"""An app that accepts does so within seconds."""
_TICK_S = 0.02
_NEVER = float("inf")


def place(groups: Iterable[Mapping[Tier, Sighting]], loose: Sequence[Event]) -> dict[tuple[str, int], Span]:
    """(source, line) of app lines without a time -> from when to when they were written, on the server's clock.

    Lines of one log stand in order; those whose try other tiers saw are the anchors. A line before the first anchor or
    after the last has no place.
    """
    anchors: dict[str, dict[int, Span]] = {}
    for group in groups:
        app = group.get(Tier.APP)
        if app is not None:
            for event in app.events:
                lines = anchors.setdefault(event.source, {})
                lines.setdefault(event.line, _anchor(event, group) if event.at is None else (-_NEVER, _NEVER))
    for event in loose:
        if event.tier is Tier.APP and event.at is None:
            anchors.setdefault(event.source, {}).setdefault(event.line, (-_NEVER, _NEVER))
    return {(source, line): span for source, lines in anchors.items() for line, span in _between(lines).items()}


def _anchor(event: Event, group: Mapping[Tier, Sighting]) -> Span:
    """What the other tiers say of when this line was written."""
    low, high = -_NEVER, _NEVER
    answer = event.what in (What.ACCEPTED, What.OPENED, What.REFUSED, What.REQUEST)
    for tier, seen in group.items():
        if tier is Tier.APP:
            continue
        start, end = seen.span("start"), seen.span("end")
        if start is not None:
            low = max(low, start[0] - _TICK_S)
        if not answer:
            high = min(high, end[1] + _PROMPT_S if end else _NEVER)
        elif tier is Tier.PROXY and seen.answered is not None and not seen.opened:
            high = min(high, seen.answered[1] + _TICK_S)
        elif seen.main.answered_s is not None and start is not None:
            high = min(high, start[1] + seen.main.answered_s + _TICK_S)
        elif start is not None:
            high = min(high, start[1] + _PROMPT_S)
        elif end is not None:
            high = min(high, end[1] + _TICK_S)
    return (low, high) if low <= high else (-_NEVER, _NEVER)


def _between(lines: Mapping[int, Span]) -> dict[int, Span]:
    """Narrowed by the lines before and after; a line whose neighbours contradict each other has no place."""
    order = sorted(lines)
    low, high = ({line: lines[line][side] for line in order} for side in (0, 1))
    for before, after in pairwise(order):
        low[after] = max(low[before], low[after])
    for after, before in pairwise(reversed(order)):
        high[before] = min(high[after], high[before])
    return {line: (low[line], high[line]) for line in order if -_NEVER < low[line] <= high[line] < _NEVER}
