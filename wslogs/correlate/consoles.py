"""The clock of a console export: a time of day without day and zone, by the HAR of the same browser, which says both."""

from __future__ import annotations

from wslogs.correlate.align import Clocks, fit
from wslogs.correlate.browsers import alike
from wslogs.correlate.clocks import Limit
from wslogs.correlate.sightings import Tiers
from wslogs.model import Source, What

_SOON_S = 3.0
"""What browser and page write of the end of a try follows it at once; in a busy page a little later."""
_TICK_S = 0.05
_EITHER_S = 450.0
"""Half a quarter-hour: a limit as wide holds one zone."""


def align(tiers: Tiers, clocks: Clocks) -> None:
    """Gives each console the clock of its HAR, which must have its offset already."""
    hars = [s for s in clocks.sources.values() if s.kind in ("har", "netlog") and s.first is not None]
    for path, source in clocks.sources.items():
        if source.kind != "console" or source.zoned or source.first is None:
            continue
        har = clocks.sources.get(tiers.partners.get(path, "")) or max(hars, key=lambda h: (alike(h.path, path), h.path), default=None)
        if har is None:
            continue
        said = _by_ends(path, har, tiers)
        if not said and har.first is not None:
            apart = har.first - source.first
            said = [Limit(apart - _EITHER_S, apart + _EITHER_S, 0, 0)]
        own = [s for s in tiers.browser if s.source == path]
        fit(source, own, said, clocks)
        if source.zone_from == "aligned":
            source.offset_s, source.error_s = source.offset_s + har.offset_s, har.error_s
        for one in own:
            one.move(source.offset_s)


def _by_ends(path: str, har: Source, tiers: Tiers) -> list[Limit]:
    """The console tells of the end of a try right after the HAR's entry ends."""
    said = []
    for number, one in enumerate(tiers.browser):
        over = one.span("end")
        if one.source != har.path or over is None:
            continue
        for event in one.events:
            if event.source == path and event.at is not None and event.what in (What.FAILED, What.CLOSED):
                low = over[0] - one.moved_s - event.at
                said.append(Limit(low - _TICK_S, low + (over[1] - over[0]) + _SOON_S, number, number))
    return said
