"""Events of browsers -> sightings: entries of HARs and NetLogs, and what consoles tell of the same tries or alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from wslogs.correlate.sightings import NEAR_LINES, Sighting, Tiers
from wslogs.model import CloseCode, Event, Tier, What

_TUNNEL = 101
_MOST_CELLS = 250_000
"""Of a HAR and a console with more pairs of tries only the answers are compared."""


def browser(events: Sequence[Event], tiers: Tiers) -> None:
    """Entries of a HAR or a NetLog are tries; a console tells the same tries once more, or tells them alone."""
    hars: dict[str, list[Sighting]] = {}
    consoles: dict[str, list[Event]] = {}
    for event in events:
        if event.what is What.HANDSHAKE:
            hars.setdefault(event.source, []).append(_of_har(event))
        else:
            consoles.setdefault(event.source, []).append(event)
    told = {source: _of_console(rows, tiers) for source, rows in consoles.items()}
    for har, console in _partners(hars, told):
        tiers.partners[console] = har
        _merge(hars[har], told.pop(console), told.setdefault("", []), tiers)
    for seen in [*hars.values(), *told.values()]:
        tiers.browser += seen
    for order, one in enumerate(tiers.browser):
        one.order = order


def _of_har(event: Event) -> Sighting:
    opened = event.status == _TUNNEL if event.status or event.signals or event.failed else None
    start = event.at if event.marks == "start" else None
    end = event.at + event.lasted_s if event.at is not None and event.lasted_s is not None else event.at if start is None else None
    return Sighting(
        tier=Tier.BROWSER, source=event.source, main=event, events=[event], start=start, end=end,
        resolution_s=event.resolution_s, opened=opened, status=event.status, code=event.code,
    )  # fmt: skip


def _of_console(events: Iterable[Event], tiers: Tiers) -> list[Sighting]:
    """A failure line begins a try; a close code ends the try before it, or tells of one that had opened.

    1006 alone tells as well of one that never opened (WebSockets Standard, the handling of a failed connection).
    """
    tries: list[Sighting] = []
    said: list[Event] = []
    load = 1
    for event in events:
        last = tries[-1] if tries else None
        if event.what is What.LEFT:
            load += any(e.what is What.LEFT and e.source == event.source for e in tiers.loose)
            tiers.loose.append(event)
            continue
        event.loads_after = -load
        said.append(event)
        if event.what is What.FAILED and not (last and _continues(last, event)):
            tries.append(_told(event, opened=False))
        elif event.what is What.CLOSED and (
            last is None or last.main.loads_after != -load or (last.code is not None and not _repeats(last, event))
        ):
            tries.append(_told(event, opened=None if event.code == CloseCode.ABNORMAL else True))
        elif last is not None:
            last.add(event)
            last.status = last.status or event.status
            last.end = event.at if last.end is None else last.end  # Firefox gives a time to the first line of several alone
        else:
            tiers.loose.append(event)
    for event in said:
        event.loads_after = load + (event.loads_after or 0)
    return tries


def _continues(last: Sighting, event: Event) -> bool:
    """A second line about the same failure: its reason on a line of its own, or the exception of a blocked one."""
    near = event.line - last.events[-1].line <= 2 and last.code is None
    same = not event.path or not last.path or (event.path, event.host) == (last.main.path, last.main.host)
    return near and same and (event.path is None or last.path is None or (last.status is None and not last.main.signals))


def _repeats(last: Sighting, event: Event) -> bool:
    """The browser's own line about a lost socket, then the page's words about it, once."""
    if any(e.what is What.CLOSED and e.path is None for e in last.events):
        return False
    return event.code == last.code and last.main.path is not None and event.path is None and event.line - last.main.line <= NEAR_LINES


def _told(event: Event, *, opened: bool | None) -> Sighting:
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
            scored.append((-len(_alignment(seen, tries)), -alike(har, console), har, console))
    pairs: list[tuple[str, str]] = []
    for _, _, har, console in sorted(scored):
        if all(har != h and console != c for h, c in pairs):
            pairs.append((har, console))
    return pairs


def alike(one: str, other: str) -> int:
    """How many first characters two labels share: anna.har and anna-console.log are likely one person's."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_DATED = "2000"
"""What Chrome cannot date it dates 1969."""


def _alignment(seen: Sequence[Sighting], tries: Sequence[Sighting]) -> list[tuple[int, int]]:
    """Which entry of a HAR each try of a console is, as (place, place): in order, and together the likeliest; of equals the earliest.

    Chrome puts tries that failed before their request first, whenever they were: their order beside those that opened is not known.
    """
    if all(s.main.logged >= _DATED for s in seen):
        return _aligned(seen, tries)
    found = []
    for opened in (True, False):
        rows, columns = ([place for place, s in enumerate(side) if _may_have_opened(s) is opened] for side in (seen, tries))
        found += [(rows[a], columns[b]) for a, b in _aligned([seen[a] for a in rows], [tries[b] for b in columns])]
    return sorted(found)


def _aligned(seen: Sequence[Sighting], tries: Sequence[Sighting]) -> list[tuple[int, int]]:
    known = all(any(s.main.loads_after is not None for s in side) for side in (seen, tries))
    if len(seen) * len(tries) > _MOST_CELLS:
        labels = [[_label(s, known) for s in side] for side in (seen, tries)]
        blocks = SequenceMatcher(None, labels[0], labels[1], autojunk=False).get_matching_blocks()
        return [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]
    worth = [[_worth(entry, told, known) for told in tries] for entry in seen]
    best = [[0] * (len(tries) + 1) for _ in range(len(seen) + 1)]
    for a in range(len(seen) - 1, -1, -1):
        row, below, own = best[a], best[a + 1], worth[a]
        for b in range(len(tries) - 1, -1, -1):
            row[b] = max(below[b], row[b + 1], below[b + 1] + own[b])
    found, a, b = [], 0, 0
    while a < len(seen) and b < len(tries):
        if worth[a][b] and best[a][b] == best[a + 1][b + 1] + worth[a][b]:
            found.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return found


def _worth(entry: Sighting, told: Sighting, loads_known: bool) -> int:
    """How much speaks for a HAR's entry and a console's try being one; 0: something speaks against it."""
    one, other = entry.main, told.main
    named = told.path is not None and entry.path is not None
    if (
        _differ(entry.path, told.path)
        or _differ(one.host, other.host)
        or _differ(one.scheme, other.scheme)
        or _differ(entry.token, told.token)
    ):
        return 0
    if bool(entry.opened) != _may_have_opened(told):
        # Firefox goes on to open what the page gave up, and says to the console that it failed.
        return 1 if named and entry.opened else 0
    if entry.opened and loads_known and (one.loads_after or 0) != (other.loads_after or 0):
        return 0
    if _differ(entry.status, told.status) and not entry.opened:
        return 0
    return 3 + 2 * named + (entry.status == told.status)


def _may_have_opened(one: Sighting) -> bool:
    return bool(one.opened) or (one.opened is None and one.main.what is What.CLOSED)


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _label(one: Sighting, loads_known: bool) -> tuple[bool, int | None, int]:
    """What HAR and console both know of a try: its answer, and of one that opened how many loads of the page came after.

    The first lines of a page may stand before the line that tells of going there.
    """
    return _may_have_opened(one), None if one.opened else one.status, (one.main.loads_after or 0) if one.opened and loads_known else 0


def _merge(seen: list[Sighting], tries: list[Sighting], left: list[Sighting], tiers: Tiers) -> None:
    """What the console tells of the HAR's tries joins them; of others a failure is a try, and of a close nobody knows whose it was."""
    used = set()
    for a, b in _alignment(seen, tries):
        used.add(b)
        for event in tries[b].events:
            seen[a].add(event)
    rest = [told for position, told in enumerate(tries) if position not in used]
    left += [told for told in rest if not _may_have_opened(told)]
    tiers.loose += [event for told in rest if _may_have_opened(told) for event in told.events]
