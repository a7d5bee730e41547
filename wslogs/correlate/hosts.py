"""Logs of the server's host: the same machine as nginx's, so the same zone; syslog leaves the year out as well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from wslogs.correlate.align import Clocks
from wslogs.model import Source, Tier

_NO_YEAR = 2000
"""The year in which times without one are read (times.py)."""
_DAY_S = 86400.0


def settle(clocks: Clocks) -> None:
    """Gives each host log without a zone that of nginx's machine, else UTC; and the last year in which it is not after the other logs."""
    others = [s.last + s.offset_s for s in clocks.sources.values() if s.last is not None and _year(s.last) != _NO_YEAR]
    for source in clocks.sources.values():
        if source.tier is not Tier.HOST or source.zoned or source.last is None:
            continue
        years = _years(source, others)
        source.zone_from, source.dateless = "assumed", source.dateless and not years
        source.offset_s = (clocks.zones[0] if clocks.zones else 0.0) + years


def _years(source: Source, others: Iterable[float]) -> float:
    """Seconds from the year of a time that names none to the year that fits; 0 where it names one, or nothing tells."""
    if source.last is None or _year(source.last) != _NO_YEAR or not (known := list(others)):
        return 0.0
    end, when = max(known) + _DAY_S, datetime.fromtimestamp(source.last, UTC)
    for year in (_year(end), _year(end) - 1):
        day = 28 if (when.month, when.day) == (2, 29) and year % 4 else when.day
        shifted = when.replace(year=year, day=day).timestamp()
        if shifted <= end:
            return shifted - source.last
    return 0.0


def _year(at: float) -> int:
    return datetime.fromtimestamp(max(0.0, min(at, 32503680000.0)), UTC).year
