"""The clock of nginx's error log: its machine's zone, which it does not say, and the access log of that machine does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wslogs import times
from wslogs.correlate.align import KEPT_S, Clocks, fit
from wslogs.correlate.clocks import QUARTER_S, Limit
from wslogs.correlate.sightings import Rows, of_error, of_row
from wslogs.model import Event, What

_TICK_S = 0.02


def align(events: Sequence[Event], clocks: Clocks) -> None:
    """Gives each error log without a zone the whole quarter-hours that bring its lines into the requests of the access log."""
    rows = [of_row(e) for e in events if e.what is What.HANDSHAKE]
    index, place = Rows(rows), {id(row): at for at, row in enumerate(rows)}
    zones = Counter(-zone for e in events if e.what is What.HANDSHAKE and (zone := times.zone(e.logged)) is not None)
    priors = clocks.zones = [zone for zone, _ in zones.most_common()]
    for path, source in clocks.sources.items():
        if source.kind != "nginx-error" or source.zoned:
            continue
        own = [of_error(e, e.at) for e in events if e.source == path and e.what is What.ERROR and e.at is not None]
        said = []
        for number, line in enumerate(own):
            for row in index.near(line.main, None):
                begun, over, at = row.span("start") or row.span("end"), row.span("end"), line.span("end")
                if begun and over and at:
                    said.append(Limit(begun[0] - at[1] - _TICK_S, over[1] - at[0] + _TICK_S, number, place[id(row)]))
        if said or not priors:
            fit(source, own, said, clocks, priors=priors)
        if source.zone_from != "aligned" and priors:
            source.offset_s, source.zone_from = priors[0], "assumed"
        source.offset_s = _whole(source.offset_s)
        source.steps = [(line, _whole(step)) for line, step in source.steps]
        if source.zone_from == "aligned" or priors:
            source.error_s = min(source.error_s, KEPT_S)


def _whole(seconds: float) -> float:
    return round(seconds / QUARTER_S) * QUARTER_S
